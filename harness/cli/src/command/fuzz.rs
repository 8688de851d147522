//! `mmreap fuzz`: a campaign on one revision, in this process or in several.

mod display;

use super::{AS_EXPECTED, FOUND, MOST_JOBS, Stop, cannot_start, catch_interrupts, parse_kernel};
use display::Display;
use mmreap::revision::Revision;
use mmreap_harness::campaign::Limit;
use mmreap_harness::campaign::team::{News, Team};
use mmreap_harness::campaign::worker::{Event, Settings, Worker};
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Arguments of `mmreap fuzz`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap fuzz
  mmreap fuzz --kernel v4.15 --time 10m --corpus findings --jobs 4
  mmreap fuzz --kernel v4.13 --runs 100000 --seed 7

A campaign that was interrupted goes on when it is started again with the same --corpus.")]
pub struct Arguments {
    /// The release or mutant to attack
    #[arg(long, value_name = "REV", default_value = "v4.14", value_parser = parse_kernel)]
    kernel: &'static Revision,
    /// Stop after this time (60s, 10m, 8h); the default if --runs is not given either is 60s
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Stop after so many runs; those that minimise or replay what was kept do not count
    #[arg(long, value_name = "N", conflicts_with = "time")]
    runs: Option<u64>,
    /// Where all chance comes from; one job finds the same with the same seed, --runs and --corpus
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where cases are written, and where a campaign goes on; what is there already counts as known
    #[arg(long, value_name = "DIR", default_value = "findings")]
    corpus: PathBuf,
    /// Processes that work on it
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=MOST_JOBS))]
    jobs: u16,
    /// Stop at the first new failure
    #[arg(long)]
    first: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Work for a process that reads what is found from standard output
    #[arg(long, hide = true)]
    member: bool,
}

/// Between two looks whether the campaign was interrupted.
const PATIENCE: Duration = Duration::from_millis(100);

/// Runs the campaign to its limit, or until Ctrl-C.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    corpus::check_writable(&arguments.corpus)?;
    let seed = arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    let interrupted = catch_interrupts()?;
    let limit = limit(arguments, &interrupted);
    if arguments.member {
        return be_member(arguments, seed, &interrupted, &limit);
    }
    let mut display = Display::new(arguments, seed);
    if arguments.jobs == 1 {
        alone(arguments, seed, &interrupted, &limit, &mut display)?;
    } else {
        together(arguments, seed, &interrupted, &mut display)?;
    }
    Ok(if display.conclude() { FOUND } else { AS_EXPECTED })
}

/// The limit of the arguments, which counts from now, and Ctrl-C.
fn limit<'a>(arguments: &Arguments, interrupted: &'a AtomicBool) -> Limit<'a> {
    let deadline = Deadline::flag(interrupted);
    match arguments.runs {
        Some(runs) => Limit { runs: Some(runs), deadline },
        None => {
            let time = arguments.time.unwrap_or(Duration::from_secs(60));
            Limit { runs: None, deadline: deadline.within(time) }
        }
    }
}

fn work(
    arguments: &Arguments,
    seed: u64,
    limit: &Limit<'_>,
    tell: &mut dyn FnMut(Event),
) -> Result<(), Stop> {
    let mut worker = Worker::start(Settings {
        revision: arguments.kernel,
        seed,
        directory: arguments.corpus.clone(),
        is_member: arguments.member,
    })?;
    Ok(worker.work(tell, limit)?)
}

fn alone(
    arguments: &Arguments,
    seed: u64,
    interrupted: &AtomicBool,
    limit: &Limit<'_>,
    display: &mut Display,
) -> Result<(), Stop> {
    work(arguments, seed, limit, &mut |event| {
        let is_new = display.hear(0, event);
        if is_new && arguments.first {
            interrupted.store(true, Ordering::SeqCst);
        }
    })
}

/// Works for a parent, and stops when the parent closes standard input or is gone.
fn be_member(
    arguments: &Arguments,
    seed: u64,
    interrupted: &Arc<AtomicBool>,
    limit: &Limit<'_>,
) -> Result<u8, Stop> {
    let flag = interrupted.clone();
    let listen = move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        flag.store(true, Ordering::SeqCst);
    };
    let listener = std::thread::Builder::new().spawn(listen);
    listener.map_err(|error| cannot_start("a thread", &error))?;
    work(arguments, seed, limit, &mut |event| {
        let line = serde_json::to_string(&event).expect("plain values can be written as JSON");
        // A parent that is gone needs not hear it.
        let _ = writeln!(std::io::stdout(), "{line}");
    })?;
    Ok(AS_EXPECTED)
}

fn together(
    arguments: &Arguments,
    seed: u64,
    interrupted: &AtomicBool,
    display: &mut Display,
) -> Result<(), Stop> {
    let failed = |error| cannot_start("a worker", &error);
    let program = std::env::current_exe().map_err(failed)?;
    let commands = (0..arguments.jobs).map(|number| {
        let mut command = Command::new(&program);
        command.args(member_arguments(arguments, seed, number)).arg("--corpus");
        command.arg(&arguments.corpus);
        command
    });
    let mut team = Team::start(commands).map_err(failed)?;
    let mut lost = 0;
    while team.at_work() > 0 {
        if interrupted.load(Ordering::SeqCst) {
            team.stop();
        }
        match team.hear(PATIENCE) {
            Some((number, News::Event(event))) => {
                if display.hear(number, event) && arguments.first {
                    team.stop();
                }
            }
            Some((number, News::Ended(status))) if !status.success() => {
                display.lost(number, status);
                lost += 1;
            }
            Some((_, News::Ended(_))) | None => {}
        }
    }
    if lost == arguments.jobs {
        return Err(Stop("error: all workers died; what they had written is kept".to_string()));
    }
    Ok(())
}

/// What a member is told, besides the directory. It does its share of the runs.
fn member_arguments(arguments: &Arguments, seed: u64, number: u16) -> Vec<String> {
    let words = ["fuzz", "--member", "--kernel", arguments.kernel.name, "--seed"];
    let mut words: Vec<String> = words.map(String::from).into();
    words.push(seed.to_string());
    let (jobs, number) = (u64::from(arguments.jobs), u64::from(number));
    let share = arguments.runs.map(|runs| runs / jobs + u64::from(number < runs % jobs));
    let runs = share.map(|runs| ["--runs".to_string(), runs.to_string()]);
    let time = arguments
        .time
        .map(|time| ["--time".to_string(), humantime::format_duration(time).to_string()]);
    words.extend(runs.into_iter().chain(time).flatten());
    words
}
