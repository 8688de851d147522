//! `mmreap fuzz`: a campaign on one revision, in this process or in several.

mod display;

use super::{
    AS_EXPECTED, FOUND, MOST_JOBS, Stop, cannot_start, catch_interrupts, parse_kernel, revision_of,
};
use display::Display;
use mmreap::revision::Revision;
use mmreap_harness::campaign::Limit;
use mmreap_harness::campaign::team::{News, Team};
use mmreap_harness::campaign::worker::{Event, Settings, Worker};
use mmreap_harness::corpus::{self, CaseFile, shown};
use mmreap_harness::deadline::Deadline;
use mmreap_harness::kernel;
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
  mmreap fuzz CASE.mmreap --time 5m    other schedules of this case, faults, and cases near to it

A campaign that was interrupted goes on when it is started again with the same --corpus.")]
pub struct Arguments {
    /// Attack these cases: under other schedules, with faults, and with a few changes
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The kernel to attack [default: your own, the one of FILE, or v4.14]
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
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
    /// [default: findings, or one for FILE in it]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
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
    let settings = settings(arguments)?;
    corpus::check_writable(&settings.directory)?;
    let interrupted = catch_interrupts()?;
    let limit = limit(arguments, &interrupted);
    if arguments.member {
        return be_member(settings, &interrupted, &limit);
    }
    let mut display = Display::new(&settings, arguments.json);
    if arguments.jobs == 1 {
        alone(settings, arguments, &interrupted, &limit, &mut display)?;
    } else {
        together(&settings, arguments, &interrupted, &mut display)?;
    }
    Ok(if display.conclude() { FOUND } else { AS_EXPECTED })
}

/// What the workers are to do.
fn settings(arguments: &Arguments) -> Result<Settings, Stop> {
    let read = arguments.files.iter().map(|path| CaseFile::read(path));
    let files: Vec<CaseFile> = read.collect::<Result<_, _>>()?;
    Ok(Settings {
        revision: target(arguments, &files)?,
        seed: arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0)),
        directory: arguments.corpus.clone().unwrap_or_else(|| directory(&files)),
        is_member: arguments.member,
        given: files.into_iter().map(|file| file.case).collect(),
    })
}

/// The kernel that is asked for, be it by the cases, which must be of one mind.
fn target(arguments: &Arguments, files: &[CaseFile]) -> Result<&'static Revision, Stop> {
    let Some(first) = files.first().filter(|_| arguments.kernel.is_none()) else {
        return Ok(arguments.kernel.unwrap_or_else(kernel::default));
    };
    let kernel = revision_of(first, None)?;
    match files.iter().find(|file| file.case.kernel != first.case.kernel) {
        None => Ok(kernel),
        Some(other) => Err(Stop(format!(
            "error: {} is for {}, {} for {}; say which with --kernel",
            shown(&first.path),
            first.case.kernel,
            shown(&other.path),
            other.case.kernel
        ))),
    }
}

/// Where a campaign writes if nobody says: cases that are attacked have a place of their own, so that what is
/// known of others does not count as known of them.
fn directory(files: &[CaseFile]) -> PathBuf {
    let findings = PathBuf::from("findings");
    match files.first().and_then(|file| file.path.file_stem()) {
        Some(name) => findings.join(name),
        None => findings,
    }
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

fn work(settings: Settings, limit: &Limit<'_>, tell: &mut dyn FnMut(Event)) -> Result<(), Stop> {
    Ok(Worker::start(settings)?.work(tell, limit)?)
}

fn alone(
    settings: Settings,
    arguments: &Arguments,
    interrupted: &AtomicBool,
    limit: &Limit<'_>,
    display: &mut Display,
) -> Result<(), Stop> {
    work(settings, limit, &mut |event| {
        let is_new = display.hear(0, event);
        if is_new && arguments.first {
            interrupted.store(true, Ordering::SeqCst);
        }
    })
}

/// Works for a parent, and stops when the parent closes standard input or is gone.
fn be_member(
    settings: Settings,
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
    work(settings, limit, &mut |event| {
        let line = serde_json::to_string(&event).expect("plain values can be written as JSON");
        // A parent that is gone needs not hear it.
        let _ = writeln!(std::io::stdout(), "{line}");
    })?;
    Ok(AS_EXPECTED)
}

fn together(
    settings: &Settings,
    arguments: &Arguments,
    interrupted: &AtomicBool,
    display: &mut Display,
) -> Result<(), Stop> {
    let failed = |error| cannot_start("a worker", &error);
    let program = std::env::current_exe().map_err(failed)?;
    let commands = (0..arguments.jobs).map(|number| {
        let mut command = Command::new(&program);
        command.args(member_arguments(settings, arguments, number)).arg("--corpus");
        command.arg(&settings.directory).arg("--").args(&arguments.files);
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
fn member_arguments(settings: &Settings, arguments: &Arguments, number: u16) -> Vec<String> {
    let words = ["fuzz", "--member", "--kernel", settings.revision.name, "--seed"];
    let mut words: Vec<String> = words.map(String::from).into();
    words.push(settings.seed.to_string());
    let (jobs, number) = (u64::from(arguments.jobs), u64::from(number));
    let share = arguments.runs.map(|runs| runs / jobs + u64::from(number < runs % jobs));
    let runs = share.map(|runs| ["--runs".to_string(), runs.to_string()]);
    let time = arguments
        .time
        .map(|time| ["--time".to_string(), humantime::format_duration(time).to_string()]);
    words.extend(runs.into_iter().chain(time).flatten());
    words
}
