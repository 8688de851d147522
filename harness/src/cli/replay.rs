//! `mmreap replay`: cases run as they stand, and their verdicts are compared.

use super::{AS_EXPECTED, BAD_INPUT, FOUND, Stop, parse_kernel, print_json, revision_of};
use crate::case::{Case, Expect};
use crate::corpus;
use crate::run::{Outcome, Runner};
use crate::schedule::follow::{Divergence, Obstacle};
use mmreap::revision::{self, Revision};
use mmreap::world::world;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `mmreap replay`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --kernel, a case runs on its own kernel and on every kernel that it states a verdict for.

Examples:
  mmreap replay corpus/*.mmreap
  mmreap replay CASE.mmreap --kernel v4.15 --log")]
pub struct Arguments {
    /// Case files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run on this release or mutant only
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
    /// Print the whole event log of each run
    #[arg(long)]
    log: bool,
    /// Run each case so many times, and compare the event logs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Print the verdicts as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    file: PathBuf,
    kernel: &'static str,
    verdict: String,
    expected: Option<String>,
    as_expected: bool,
    divergences: Vec<String>,
    same_log: bool,
}

/// Replays every file. A file that cannot be read does not stop the others.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let mut runner = Runner::new();
    let mut lines = Vec::new();
    let mut bad = 0;
    for path in &arguments.files {
        match replay_file(&mut runner, path, arguments) {
            Ok(more) => lines.extend(more),
            Err(Stop(message)) => {
                anstream::eprintln!("{}", message.trim_end());
                bad += 1;
            }
        }
    }
    if arguments.json {
        print_json(&lines);
    }
    let differs = lines.iter().any(|line| !line.as_expected || !line.same_log);
    Ok(match (bad, differs) {
        (1.., _) => BAD_INPUT,
        (_, true) => FOUND,
        (_, false) => AS_EXPECTED,
    })
}

fn replay_file(runner: &mut Runner, path: &Path, arguments: &Arguments) -> Result<Vec<Line>, Stop> {
    let case = corpus::load(path)?;
    let own = revision_of(path, &case, arguments.kernel)?;
    let mut revisions = vec![own];
    if arguments.kernel.is_none() {
        revisions.extend(case.others.iter().filter_map(|(name, _)| revision::find(name)));
    }
    let lines = revisions.into_iter().map(|revision| {
        let line = replay(runner, path, &case, revision, arguments);
        if !arguments.json {
            show(&line);
        }
        line
    });
    Ok(lines.collect())
}

fn replay(
    runner: &mut Runner,
    path: &Path,
    case: &Case,
    revision: &'static Revision,
    arguments: &Arguments,
) -> Line {
    let outcome = runner.run_case(case, revision);
    let log = world(|w| crate::explain::log(w));
    if arguments.log {
        anstream::print!("{log}");
    }
    let same_log = (1..arguments.repeat).all(|_| {
        runner.run_case(case, revision);
        world(|w| crate::explain::log(w)) == log
    });
    let expected = expectation(case, revision);
    let verdict = verdict(&outcome);
    Line {
        file: path.to_path_buf(),
        kernel: revision.name,
        as_expected: *expected.unwrap_or(&Expect::Pass) == verdict,
        verdict: verdict.to_string(),
        expected: expected.map(Expect::to_string),
        divergences: outcome.divergences.lenient.iter().map(|d| describe(case, d)).collect(),
        same_log,
    }
}

fn verdict(outcome: &Outcome) -> Expect {
    match &outcome.failure {
        Some(failure) => Expect::Fail(failure.signature.clone()),
        None => Expect::Pass,
    }
}

fn expectation<'a>(case: &'a Case, revision: &Revision) -> Option<&'a Expect> {
    if case.kernel == revision.name {
        return case.expect.as_ref();
    }
    case.others.iter().find(|(name, _)| name == revision.name).map(|(_, expect)| expect)
}

fn describe(case: &Case, divergence: &Divergence) -> String {
    let segment = &case.schedule.segments[divergence.segment];
    let why = match divergence.reason {
        Obstacle::NoTask => "there is no such task",
        Obstacle::Ended(_) => "the task ended before it came there",
        _ => "the run ended before the task came there",
    };
    format!("`{segment}` could not be followed: {why}")
}

fn show(line: &Line) {
    let mark = match (&line.expected, line.as_expected) {
        (None, _) => String::new(),
        (Some(_), true) => ", as expected".to_string(),
        (Some(expected), false) => format!(", but expected {expected}"),
    };
    anstream::println!("{}: {} {}{mark}", line.file.display(), line.kernel, line.verdict);
    if !line.same_log {
        anstream::println!("  the event logs of two runs differ");
    }
    if !line.as_expected {
        for divergence in &line.divergences {
            anstream::println!("  {divergence}");
        }
    }
}
