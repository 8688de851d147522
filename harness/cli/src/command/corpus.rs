//! `mmreap corpus`: whether case files are in order, and what would put them in order.

use super::print::{errln, outln};
use super::{AS_EXPECTED, CANNOT, FOUND, Stop};
use mmreap_harness::corpus::certify::renew;
use mmreap_harness::corpus::change::Plan;
use mmreap_harness::corpus::check::check;
use mmreap_harness::corpus::dedup::dedup;
use mmreap_harness::corpus::rename::rename;
use mmreap_harness::corpus::upgrade::upgrade;
use mmreap_harness::corpus::{CaseFile, CorpusError, STANDARD, expand};
use mmreap_harness::run::Runner;
use std::path::PathBuf;

/// Arguments of `mmreap corpus`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
What changes files only shows what it would do, until it is told to --apply it.

Examples:
  mmreap corpus check
  mmreap corpus certify --apply            after a change of the model
  mmreap corpus dedup found/ --apply
  mmreap corpus upgrade CASE.mmreap")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Replay every case on the kernels it names; look at certificates, names, form and duplicates
    #[command(after_help = "\
Examples:
  mmreap corpus check
  mmreap corpus check found/ CASE.mmreap")]
    Check(Files),
    /// Make the `minimal:` notes of cases anew, and minimise what fails with fewer preemptions
    #[command(after_help = "\
Examples:
  mmreap corpus certify                    shows which certificates are stale
  mmreap corpus certify found/ --apply     makes them anew")]
    Certify(Changes),
    /// Of the cases with one kernel and signature, keep the smallest that replays; no comment is lost
    #[command(after_help = "\
Examples:
  mmreap corpus dedup found/            shows which files would go, and why
  mmreap corpus dedup found/ --apply    removes them")]
    Dedup(Changes),
    /// Name files after kernel and signature
    #[command(after_help = "\
Examples:
  mmreap corpus rename found/            shows which names would change
  mmreap corpus rename found/ --apply    changes them")]
    Rename(Changes),
    /// Rewrite files in the present version's canonical form; comments become notes at the head
    #[command(after_help = "\
Examples:
  mmreap corpus upgrade                        shows which files of corpus/ would change
  mmreap corpus upgrade CASE.mmreap --apply    rewrites one")]
    Upgrade(Changes),
}

#[derive(clap::Args, Debug)]
struct Files {
    /// Case files, and directories of them
    #[arg(default_value = "corpus", value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct Changes {
    #[command(flatten)]
    files: Files,
    /// Do it
    #[arg(long)]
    apply: bool,
}

/// What to do with the files that could be read.
type Tidy = fn(&[CaseFile]) -> Plan;

/// Checks or tidies.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    match &arguments.command {
        Command::Check(files) => check_all(files),
        Command::Certify(changes) => tidy(changes, |files| renew(&mut Runner::new(), files)),
        Command::Dedup(changes) => tidy(changes, |files| dedup(&mut Runner::new(), files)),
        Command::Rename(changes) => tidy(changes, rename),
        Command::Upgrade(changes) => tidy(changes, upgrade),
    }
}

fn check_all(arguments: &Files) -> Result<u8, Stop> {
    let (files, unreadable) = read(arguments)?;
    let wrong = check(&mut Runner::new(), &files);
    complain(&wrong);
    outln!("cases: {}, complaints: {}", files.len(), wrong.len() + unreadable);
    Ok(exit_code(unreadable, wrong.len()))
}

fn tidy(arguments: &Changes, tidy: Tidy) -> Result<u8, Stop> {
    let (files, unreadable) = read(&arguments.files)?;
    let plan = tidy(&files);
    complain(&plan.refused);
    for change in &plan.changes {
        if arguments.apply {
            change.apply()?;
        }
        outln!("{change}");
    }
    let left = if arguments.apply { 0 } else { plan.changes.len() };
    if left > 0 {
        outln!("nothing is changed without --apply");
    }
    Ok(exit_code(unreadable, left + plan.refused.len()))
}

/// The files that can be read, and the number of those that cannot, about which a message is printed.
fn read(arguments: &Files) -> Result<(Vec<CaseFile>, usize), Stop> {
    if arguments.paths.iter().any(|path| path == STANDARD) {
        return Err(Stop("error: `-` is standard input, and a corpus is files".into()));
    }
    let paths = expand(&arguments.paths)?;
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in &paths {
        match CaseFile::read(path) {
            Ok(file) => files.push(file),
            Err(error) => wrong.push(error),
        }
    }
    complain(&wrong);
    Ok((files, wrong.len()))
}

fn complain(errors: &[CorpusError]) {
    errors.iter().for_each(|error| errln!("{}\n", error.render(true)));
}

fn exit_code(unreadable: usize, wrong: usize) -> u8 {
    match (unreadable, wrong) {
        (1.., _) => CANNOT,
        (0, 1..) => FOUND,
        (0, 0) => AS_EXPECTED,
    }
}
