//! `mmreap minimize`: a smaller case that fails in the same way.

use super::print::{err, errln, out};
use super::{
    AS_EXPECTED, OneCase, Stop, catch_interrupts, check_apart, print_json, tell_pass, write_or_show,
};
use indicatif::ProgressBar;
use mmreap_harness::campaign::{Finished, Found, finish};
use mmreap_harness::case::{Case, Signature};
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::minimize::{Budget, Certificate, Measure, Tally, fits, measure};
use mmreap_harness::run::Runner;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Arguments of `mmreap minimize`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap minimize CASE.mmreap                     prints the smaller case
  mmreap minimize CASE.mmreap --output SMALL.mmreap
  mmreap minimize CASE.mmreap --others findings/  keeps what else fails on the way
  mmreap minimize CASE.mmreap --time 30s          as small as it gets in half a minute

Smaller is, in this order: fewer processes, faults, operations, preemptions, lines, and smaller \
numbers. The comment that begins with `minimal:` says what was tried with fewer preemptions. \
Ctrl-C stops with the smallest case so far.")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
    /// Write the smaller case here; may be FILE itself, or `-` for standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write cases that fail in other ways, met on the way, into this directory
    #[arg(long, value_name = "DIR")]
    others: Option<PathBuf>,
    /// Stop after this time (60s, 10m) with the smallest case so far
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Print sizes, certificate and passes as JSON, and the case only to --output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    signature: String,
    before: Measure,
    after: Measure,
    certificate: Option<Certificate>,
    passes: &'a [Tally],
    others: Vec<String>,
    is_cut_short: bool,
    seconds: f64,
}

/// Minimises one file. Exit code 1 if the case does not fail.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    check_apart(arguments.json, arguments.output.as_deref())?;
    let (file, revision) = arguments.one.load()?;
    let mut runner = Runner::new();
    let Some(failure) = runner.run_case(&file.case, revision).failure else {
        return Ok(tell_pass(&file, revision, arguments.json));
    };
    let before = measure(&mut runner, &file.case, revision);
    let bar = ProgressBar::new_spinner();
    let started = Instant::now();
    let found = Found { case: file.case, failure };
    let interrupted = catch_interrupts()?;
    let unlimited = Deadline::flag(&interrupted);
    let deadline = arguments.time.map_or(unlimited, |time| unlimited.within(time));
    let budget = Budget { deadline, ..Budget::default() };
    let finished = finish(&mut runner, &found, revision, &budget, &mut |runs| {
        if runs % 1000 == 0 {
            bar.set_message(format!("{runs} runs"));
            bar.tick();
        }
    });
    bar.finish_and_clear();
    let after = measure(&mut runner, &finished.case, revision);
    let seconds = started.elapsed().as_secs_f64();
    match &arguments.output {
        Some(path) => write_or_show(path, &finished.case, arguments.json)?,
        None if !arguments.json => out(format_args!("{}", finished.case)),
        None => {}
    }
    keep_others(&finished.others, arguments, |other| {
        finish(&mut runner, other, revision, &budget, &mut |_| ()).case
    })?;
    if arguments.json {
        print_json(&summary(&found, &finished, (before, after), seconds));
    } else {
        err(format_args!("{}", table(&finished)));
        let end = if is_cut_short(&finished) { "; stopped before the end" } else { "" };
        errln!("before: {before}\nafter:  {after}, in {seconds:.2} s{end}");
    }
    Ok(AS_EXPECTED)
}

fn summary<'a>(
    found: &Found,
    finished: &'a Finished,
    (before, after): (Measure, Measure),
    seconds: f64,
) -> Summary<'a> {
    let others = finished.others.iter().map(|other| other.failure.signature.to_string());
    Summary {
        signature: found.failure.signature.to_string(),
        before,
        after,
        certificate: finished.small.as_ref().map(|small| small.certificate),
        passes: finished.small.as_ref().map_or(&[], |small| &small.tallies),
        others: others.collect(),
        is_cut_short: is_cut_short(finished),
        seconds,
    }
}

/// Whether there was more to try.
fn is_cut_short(finished: &Finished) -> bool {
    finished.small.as_ref().is_none_or(|small| small.is_cut_short)
}

/// What the passes did.
fn table(finished: &Finished) -> String {
    let tallies = finished.small.iter().flat_map(|small| &small.tallies);
    let lines = tallies.map(|Tally { pass, tried, kept, runs }| {
        format!("{pass:<16} {tried:6} {kept:6} {runs:8}\n")
    });
    let head = format!("{:<16} {:>6} {:>6} {:>8}\n", "pass", "tried", "kept", "runs");
    std::iter::once(head).chain(lines).collect()
}

/// Writes down what failed in other ways, or says what it was. What is too long for a file is minimised first.
fn keep_others(
    others: &[Found],
    arguments: &Arguments,
    mut smaller: impl FnMut(&Found) -> Case,
) -> Result<(), Stop> {
    let Some(directory) = &arguments.others else {
        mention(others);
        return Ok(());
    };
    corpus::check_writable(directory)?;
    for other in others {
        let path = corpus::place(directory, &other.case, &other.failure.signature);
        if path.exists() {
            continue;
        }
        let raw = other.raw();
        let case = if fits(&raw) { raw } else { smaller(other) };
        keep_other(&path, &case, &other.failure.signature, arguments.json)?;
    }
    Ok(())
}

fn keep_other(path: &Path, case: &Case, signature: &Signature, json: bool) -> Result<(), Stop> {
    if !fits(case) {
        errln!(
            "also found {signature}; its schedule is too long for a file, and there was no time left"
        );
        return Ok(());
    }
    write_or_show(path, case, json)?;
    errln!("also found {signature}: {}", corpus::shown(path));
    Ok(())
}

/// Says what else failed while a case was minimised.
pub(super) fn mention(others: &[Found]) {
    for other in others {
        errln!(
            "met on the way: {} (`mmreap minimize --others DIR` keeps it)",
            other.failure.signature
        );
    }
}
