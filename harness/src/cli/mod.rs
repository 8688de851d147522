//! The command line: `mmreap fuzz | replay | minimize | explain | prove | sweep | corpus | kernels | nightly |
//! bench`.
//!
//! Arguments and printing only; what the commands do is in the other modules. Exit codes: 0 nothing found
//! or all as expected, 1 a failure found or a verdict that differs, 2 bad usage or bad input, 3 (`prove` and
//! `nightly`) stopped before the end.

mod bench;
mod corpus;
mod explain;
mod fuzz;
mod kernels;
mod minimize;
mod nightly;
mod prove;
mod replay;
mod sweep;

use crate::case::Case;
use crate::corpus::{CaseFile, CorpusError, write};
use crate::replay::own_kernel;
use clap::{Parser, Subcommand};
use mmreap::revision::{self, Revision};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Everything was as expected.
const AS_EXPECTED: u8 = 0;
/// Something failed, or differs from what was expected.
const FOUND: u8 = 1;
/// The arguments, or the files they name, cannot be used.
const BAD_INPUT: u8 = 2;
/// A proof or a night was stopped before its end.
const STOPPED: u8 = 3;

/// Find, shrink, replay and explain races between address-space teardown and the OOM reaper.
#[derive(Parser, Debug)]
#[command(name = "mmreap", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  mmreap fuzz                              attack v4.14 for a minute
  mmreap fuzz --kernel v4.15 --time 10m    another release, for longer
  mmreap replay corpus/*.mmreap            do the known failures still fail?
  mmreap explain corpus/CASE.mmreap        why does it fail?
  mmreap prove CASE.mmreap                 does any schedule of it fail?

Exit codes:
  0  nothing found, or everything as expected
  1  a failure found, or a verdict that differs
  2  bad usage or bad input
  3  a proof or a night was stopped before its end";

#[derive(Subcommand, Debug)]
enum Command {
    /// Generate cases, run them under many schedules, and keep what fails
    Fuzz(fuzz::Arguments),
    /// Run cases as they stand, and compare with the verdicts that they expect
    Replay(replay::Arguments),
    /// Make a failing case smaller
    Minimize(minimize::Arguments),
    /// Show why a case fails
    Explain(explain::Arguments),
    /// Try every schedule of a small case
    Prove(prove::Arguments),
    /// Let every call of every fault point fail once
    Sweep(sweep::Arguments),
    /// Check case files, and tidy them up
    Corpus(corpus::Arguments),
    /// List the releases and mutants that cases can run on
    Kernels(kernels::Arguments),
    /// Replay the corpus, fuzz every release, and report
    Nightly(nightly::Arguments),
    /// Count the runs until known bugs are found, for each way to choose schedules
    Bench(bench::Arguments),
}

/// A case file, and the revision that it is about.
#[derive(clap::Args, Debug)]
struct OneCase {
    /// A case file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Use this release or mutant instead of the case's own
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
}

impl OneCase {
    fn load(&self) -> Result<(Case, &'static Revision), Stop> {
        let file = CaseFile::read(&self.file)?;
        let revision = revision_of(&file, self.kernel)?;
        Ok((file.case, revision))
    }
}

/// What ends a command early: a message for a person.
struct Stop(String);

impl From<CorpusError> for Stop {
    fn from(error: CorpusError) -> Self {
        Stop(error.render(wants_color()))
    }
}

/// Runs the command that the arguments of this process ask for.
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Minimize(arguments) => minimize::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Prove(arguments) => prove::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Corpus(arguments) => corpus::run(&arguments),
        Command::Kernels(arguments) => kernels::run(&arguments),
        Command::Nightly(arguments) => nightly::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Stop(message)) => {
            anstream::eprintln!("{}", message.trim_end());
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn wants_color() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Looks a revision up for clap.
fn parse_kernel(name: &str) -> Result<&'static Revision, String> {
    revision::find(name).ok_or_else(|| unknown_kernel(name))
}

fn unknown_kernel(name: &str) -> String {
    let known: Vec<_> = revision::all().map(|revision| revision.name).collect();
    unknown("kernel", name, &known)
}

/// Says that a name is not known, and which one is nearest.
fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, name);
    let nearest = known.iter().min_by_key(distance).map_or("", |name| *name);
    format!("there is no {kind} `{name}`; did you mean `{nearest}`? Known: {}", known.join(", "))
}

/// The revision that the case of a file asks for, unless another one is given.
fn revision_of(
    file: &CaseFile,
    given: Option<&'static Revision>,
) -> Result<&'static Revision, CorpusError> {
    match given {
        Some(revision) => Ok(revision),
        None => own_kernel(&file.case).map_err(|problem| file.error(problem)),
    }
}

/// Signals within so short a time are one: whoever stops a process and its group tells it twice.
const ONE_SIGNAL: Duration = Duration::from_millis(200);

/// Notes Ctrl-C, so that a command can end in good order. The second one ends it at once.
fn catch_interrupts() -> Result<Arc<AtomicBool>, Stop> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    let first = OnceLock::new();
    ctrlc::set_handler(move || {
        let since_first = first.get_or_init(Instant::now).elapsed();
        if flag.swap(true, Ordering::SeqCst) && since_first > ONE_SIGNAL {
            std::process::exit(i32::from(BAD_INPUT));
        }
    })
    .map_err(|error| Stop(format!("error: cannot catch Ctrl-C: {error}")))?;
    Ok(interrupted)
}

/// Writes the case; if that fails, shows it, so that it is not lost.
fn write_or_show(path: &Path, case: &Case) -> Result<(), CorpusError> {
    let written = write(path, &case.to_string());
    if written.is_err() {
        anstream::println!("{case}");
    }
    written
}

/// Prints a value for a machine.
fn print_json(value: &impl serde::Serialize) {
    anstream::println!("{}", json(value));
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain values can be written as JSON")
}
