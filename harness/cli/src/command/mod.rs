//! The command line: `mmreap fuzz | replay | minimize | explain | prove | sweep | corpus | kernels | nightly |
//! bench | new`.
//!
//! Arguments and printing only; what the commands do is in the other modules. What an exit code means is in
//! `EXIT_CODES`.

mod bench;
mod corpus;
mod explain;
mod fuzz;
mod kernels;
mod minimize;
mod new;
mod nightly;
mod print;
mod prove;
mod replay;
mod sweep;
#[cfg(test)]
mod tests;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use mmreap::revision::Revision;
use mmreap_harness::campaign::state::WORKERS;
use mmreap_harness::case::Case;
use mmreap_harness::case::error::quote;
use mmreap_harness::corpus::{CaseFile, CorpusError, shown};
use mmreap_harness::kernel;
use mmreap_harness::replay::{Replay, own_kernel, replay};
use mmreap_harness::run::Runner;
use mmreap_harness::run::news::News;
use print::{columns, errln, outln};
use serde::Serialize;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Everything was as expected.
const AS_EXPECTED: u8 = 0;
/// Something failed, or differs from what was expected.
const FOUND: u8 = 1;
/// It cannot be done: the arguments are wrong, or something cannot be read, written or started.
const CANNOT: u8 = 2;
/// A proof or a night was stopped before its end.
const STOPPED: u8 = 3;

/// Find, shrink, replay and explain races between address-space teardown and the OOM reaper.
#[derive(Parser, Debug)]
#[command(name = "mmreap", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
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
  mmreap new mine --change exit_mmap       begin a patch of your own

A FILE `-` is standard input, and an --output `-` standard output.";

/// What every command's exit code means; README.md says the same.
const EXIT_CODES: &str = "\
Exit codes:
  0    nothing found, or everything as expected
  1    a failure found, a verdict that differs, something left to do;
       for `explain` and `minimize`: the case passes
  2    bad usage, bad input, or something that cannot be read, written
       or started
  3    a proof or a night was stopped before its end
  141  nobody reads the output any more";

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
    /// Begin a crate with a patch of your own
    New(new::Arguments),
    /// Count the runs until known bugs are found, for each way to choose schedules
    Bench(bench::Arguments),
}

/// A case file, and the revision that it is about.
#[derive(clap::Args, Debug)]
struct OneCase {
    /// A case file, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Use this release or mutant instead of the case's own
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
}

impl OneCase {
    fn load(&self) -> Result<(CaseFile, &'static Revision), Stop> {
        let file = CaseFile::read(&self.file)?;
        let revision = revision_of(&file, self.kernel)?;
        Ok((file, revision))
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
    let result = parse().map(|arguments| match arguments.command {
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
        Command::New(arguments) => new::run(&arguments),
    });
    let code = result.unwrap_or_else(Ok).unwrap_or_else(|Stop(message)| {
        errln!("{}", message.trim_end());
        CANNOT
    });
    print::flush();
    ExitCode::from(code)
}

/// The widest that help is.
const HELP_WIDTH: usize = 100;

fn parse_from<T>(words: impl IntoIterator<Item = T>) -> Result<Arguments, clap::Error>
where
    T: Into<OsString> + Clone,
{
    let width = columns().unwrap_or(HELP_WIDTH).min(HELP_WIDTH);
    let matches = Arguments::command().term_width(width).try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// The arguments; or the exit code, when help or a complaint was all that there is to print.
fn parse() -> Result<Arguments, u8> {
    parse_from(std::env::args_os()).map_err(|answer| {
        let words = answer.render();
        match answer.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                print::out(format_args!("{}", words.ansi()));
                AS_EXPECTED
            }
            _ => {
                print::err(format_args!("{}", words.ansi()));
                CANNOT
            }
        }
    })
}

fn wants_color() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Looks a revision up for clap.
fn parse_kernel(name: &str) -> Result<&'static Revision, String> {
    kernel::find(name).ok_or_else(|| unknown_kernel(name))
}

fn unknown_kernel(name: &str) -> String {
    let known: Vec<_> = kernel::all().map(|revision| revision.name).collect();
    unknown("kernel", name, &known)
}

/// Says that a name is not known, and which one is nearest.
fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, name);
    let nearest = known.iter().min_by_key(distance).map_or("", |name| *name);
    let (name, known) = (quote(name), known.join(", "));
    format!("there is no {kind} {name}; did you mean `{nearest}`? Known: {known}")
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
            std::process::exit(i32::from(CANNOT));
        }
    })
    .map_err(|error| Stop(format!("error: cannot catch Ctrl-C: {error}")))?;
    Ok(interrupted)
}

/// Jobs that work on one thing, at most.
const MOST_JOBS: i64 = WORKERS as i64;

/// The system does not let a command have the jobs that it was asked for.
fn cannot_start(what: &str, error: &io::Error) -> Stop {
    Stop(format!("error: cannot start {what}: {error}; fewer --jobs may do"))
}

/// A case that was to fail.
#[derive(Serialize)]
struct Passes {
    file: String,
    kernel: &'static str,
    verdict: &'static str,
    #[serde(flatten)]
    news: News,
    notes: Vec<String>,
}

/// Says that there is no failure, whose command this is about. As data, that is an answer like any other.
fn tell_pass(file: &CaseFile, kernel: &'static Revision, json: bool) -> u8 {
    let replay = replay(&mut Runner::new(), &file.case, kernel);
    let (notes, news) = (noted(file, &replay), replay.news);
    let (file, kernel) = (shown(&file.path), kernel.name);
    if json {
        print_json(&Passes { file, kernel, verdict: "pass", news, notes });
    } else {
        errln!("{file} passes on {kernel}{news}");
        notes.iter().for_each(|note| errln!("note: {note}"));
    }
    FOUND
}

/// What a reader of a good verdict has to know.
fn notes(file: &CaseFile, kernel: &'static Revision) -> Vec<String> {
    noted(file, &replay(&mut Runner::new(), &file.case, kernel))
}

fn noted(file: &CaseFile, replay: &Replay) -> Vec<String> {
    replay.notes.iter().map(|note| file.error(note.clone()).to_string()).collect()
}

/// Writes the case to an `--output`; if that fails, shows it, so that it is not lost.
fn write_or_show(path: &Path, case: &Case, json: bool) -> Result<(), CorpusError> {
    let written = print::write(path, &case.to_string());
    match (&written, json) {
        (Ok(()), _) => {}
        (Err(_), false) => outln!("{case}"),
        (Err(_), true) => errln!("{case}"),
    }
    written
}

/// Refuses to print data and a case to the same place.
fn check_apart(json: bool, output: Option<&Path>) -> Result<(), Stop> {
    if json && output.is_some_and(print::is_standard_output) {
        return Err(Stop("error: --json and `-` both mean standard output; name a file".into()));
    }
    Ok(())
}

/// Prints a value for a machine.
fn print_json(value: &impl Serialize) {
    outln!("{}", json(value));
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain values can be written as JSON")
}
