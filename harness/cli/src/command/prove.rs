//! `mmreap prove`: every schedule of a case.

use super::print::{beside, errln};
use super::{
    AS_EXPECTED, FOUND, OneCase, STOPPED, Stop, check_apart, notes, print_json, write_or_show,
};
use indicatif::ProgressBar;
use mmreap::revision::Revision;
use mmreap_harness::campaign::{Found, finish};
use mmreap_harness::case::{Case, Time};
use mmreap_harness::counted::counted;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::minimize::Budget;
use mmreap_harness::oracle::Failure;
use mmreap_harness::prove::{Options, Progress, Proof, Verdict, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::news::News;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Arguments of `mmreap prove`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap prove CASE.mmreap
  mmreap prove CASE.mmreap --kernel v4.15 --faults 1 --jobs 2
  mmreap prove CASE.mmreap --preemptions 1

A proof is about this case on this model: its schedules, as far as they differ in the order of two \
steps that are in conflict. The schedule that the case itself names is not looked at. With \
--preemptions N it is about those with at most N: a thread could go on, and another one runs \
instead. Of others it says nothing. One run in four is by chance: it proves nothing, and finds sooner \
what fails often. Keep cases small: the number of schedules grows quickly with \
tasks and pages, and most with `machine time any`.")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
    /// Try only schedules with at most so many preemptions, and say so
    #[arg(long, value_name = "N")]
    preemptions: Option<u32>,
    /// Also let up to so many calls fail, at any fault point
    #[arg(long, value_name = "N", default_value_t = 0)]
    faults: usize,
    /// Stop after so many runs
    #[arg(long, value_name = "RUNS", default_value_t = 1_000_000)]
    budget: u64,
    /// Threads to use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Write the failing case here, minimised; with `-`, standard output has it and nothing else
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary {
    kernel: &'static str,
    verdict: &'static str,
    signature: Option<String>,
    /// What is proven, in words.
    claim: Option<String>,
    /// What to try if it was stopped.
    advice: Vec<String>,
    traces: u64,
    runs: u64,
    placements: u64,
    longest: u32,
    #[serde(flatten)]
    news: News,
    preemptions: Option<u32>,
    faults: usize,
    seconds: f64,
}

/// Proves one file.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    check_apart(arguments.json, arguments.output.as_deref())?;
    let (file, revision) = arguments.one.load()?;
    let options = Options {
        preemptions: arguments.preemptions,
        faults: arguments.faults,
        budget: arguments.budget,
        jobs: usize::from(arguments.jobs),
        chance: true,
        ..Options::default()
    };
    let interrupted = super::catch_interrupts()?;
    let started = Instant::now();
    let proof = attempt(&file.case, revision, &options, &interrupted)?;
    let seconds = started.elapsed().as_secs_f64();
    if arguments.json {
        print_json(&summary(&file.case, revision, &proof, &options, seconds));
    } else {
        say(arguments, &sentence(&proof, revision, &options));
        proof.news.items().for_each(|item| say(arguments, &format!("  in some of them: {item}")));
        let advice = advice(&file.case, &proof, &options);
        advice.iter().for_each(|advice| say(arguments, &format!("  try {advice}")));
    }
    notes(&file, revision).iter().for_each(|note| errln!("note: {note}"));
    match &proof.verdict {
        Verdict::Clean => Ok(AS_EXPECTED),
        Verdict::Stopped => Ok(STOPPED),
        Verdict::Found(case, failure) => {
            let budget = Budget { deadline: Deadline::flag(&interrupted), ..Budget::default() };
            show(arguments, revision, case, failure, &budget).map(|()| FOUND)
        }
    }
}

/// Runs between two reports of progress.
const REPORT: u64 = 1024;

fn attempt(
    case: &Case,
    revision: &'static Revision,
    options: &Options,
    interrupted: &AtomicBool,
) -> Result<Proof, Stop> {
    let bar = ProgressBar::new_spinner();
    let progress = |Progress { runs, .. }: Progress| {
        if runs.is_multiple_of(REPORT) {
            bar.set_message(format!("{runs} runs"));
            bar.tick();
        }
        !interrupted.load(Ordering::SeqCst)
    };
    let proof = prove(case, revision, options, &progress);
    bar.finish_and_clear();
    proof.map_err(|reason| Stop(format!("error: {reason}")))
}

/// What was proven, with its bounds.
fn sentence(proof: &Proof, revision: &Revision, options: &Options) -> String {
    let kernel = revision.name;
    let bounds = bounds(options);
    let places = match proof.placements {
        1 => String::new(),
        n => format!(" with faults placed in {n} ways"),
    };
    let runs = counted(proof.runs as usize, "run", "runs");
    match (&proof.verdict, options.preemptions) {
        (Verdict::Clean, None) => {
            let traces = counted(proof.traces as usize, "trace", "traces");
            format!("{kernel}: proven clean{bounds}: {traces}{places}")
        }
        (Verdict::Clean, Some(_)) => {
            format!("{kernel}: proven clean{bounds}: {runs}{places}")
        }
        (Verdict::Found(_, failure), _) => {
            format!("{kernel}: found after {runs}{bounds}: {}", failure.signature)
        }
        (Verdict::Stopped, _) => format!(
            "{kernel}: stopped after {runs}{bounds}{places}; nothing found so far, and nothing proven"
        ),
    }
}

fn bounds(options: &Options) -> String {
    let preemptions = options.preemptions.map(|n| format!("preemptions <= {n}"));
    let faults = (options.faults > 0).then(|| format!("faults <= {}", options.faults));
    let all: Vec<String> = preemptions.into_iter().chain(faults).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

/// What is known now of which schedules.
fn claim(options: &Options) -> String {
    let faults = match options.faults {
        0 => String::new(),
        1 => ", with one fault more or none".into(),
        n => format!(", with up to {n} faults more"),
    };
    match options.preemptions {
        None => format!("no schedule fails{faults}"),
        Some(0) => format!("no schedule without a preemption fails{faults}"),
        Some(1) => format!("no schedule with at most 1 preemption fails{faults}"),
        Some(n) => format!("no schedule with at most {n} preemptions fails{faults}"),
    }
}

/// What may come to an end where this did not.
fn advice(case: &Case, proof: &Proof, options: &Options) -> Vec<String> {
    if !matches!(proof.verdict, Verdict::Stopped) {
        return Vec::new();
    }
    let used_up = proof.runs >= options.budget;
    let more = options.budget.max(1).saturating_mul(10);
    let budget = used_up.then(|| format!("`--budget {more}`, if that is worth the time"));
    let fewer = match options.preemptions {
        None => Some(1),
        Some(n) => n.checked_sub(1),
    };
    let preemptions = fewer.map(|n| format!("`--preemptions {n}`, which proves that part of it"));
    let faults = options.faults.checked_sub(1).map(|n| format!("`--faults {n}`"));
    let any = case.machine.time == Time::Any;
    let time = any.then(|| "`machine time fair`: most schedules differ in when timers fire".into());
    let smaller = Some("a smaller case: fewer threads, operations and pages".into());
    [budget, preemptions, faults, time, smaller].into_iter().flatten().collect()
}

fn summary(
    case: &Case,
    revision: &Revision,
    proof: &Proof,
    options: &Options,
    seconds: f64,
) -> Summary {
    let (verdict, signature) = match &proof.verdict {
        Verdict::Clean => ("clean", None),
        Verdict::Stopped => ("stopped", None),
        Verdict::Found(_, failure) => ("found", Some(failure.signature.to_string())),
    };
    Summary {
        kernel: revision.name,
        verdict,
        signature,
        claim: matches!(proof.verdict, Verdict::Clean).then(|| claim(options)),
        advice: advice(case, proof, options),
        traces: proof.traces,
        runs: proof.runs,
        placements: proof.placements,
        longest: proof.longest,
        news: proof.news.clone(),
        preemptions: options.preemptions,
        faults: options.faults,
        seconds,
    }
}

/// Explains the failing schedule, and writes the case if that was asked for.
fn show(
    arguments: &Arguments,
    revision: &'static Revision,
    case: &Case,
    failure: &Failure,
    budget: &Budget<'_>,
) -> Result<(), Stop> {
    let mut runner = Runner::new();
    let found = Found { case: case.clone(), failure: failure.clone() };
    let finished = finish(&mut runner, &found, revision, budget, &mut |_| ());
    super::minimize::mention(&finished.others);
    let small = finished.case;
    if !arguments.json {
        let text = super::explain::of_case(&mut runner, &small, revision);
        say(arguments, &format!("\n{}", text.unwrap_or_default()));
    }
    match &arguments.output {
        Some(path) => Ok(write_or_show(path, &small, arguments.json)?),
        None => Ok(()),
    }
}

fn say(arguments: &Arguments, text: &str) {
    beside(arguments.output.as_deref(), format_args!("{text}\n"));
}
