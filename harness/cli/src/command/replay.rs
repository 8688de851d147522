//! `mmreap replay`: cases run as they stand, and their verdicts are compared.
//!
//! What makes the exit code 1 is drawn; a divergence that does not is noted in one line.

use super::print::{errln, out, outln};
use super::{AS_EXPECTED, CANNOT, FOUND, Stop, parse_kernel, print_json, revision_of};
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use mmreap_harness::case::Expect;
use mmreap_harness::case::check::Problem;
use mmreap_harness::corpus::{CaseFile, CorpusError, EXTENSION, expand, shown};
use mmreap_harness::explain;
use mmreap_harness::kernel;
use mmreap_harness::replay::{diverged, replay, stated_kernels, wrong_verdict};
use mmreap_harness::run::Runner;
use mmreap_harness::run::news::News;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `mmreap replay`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --kernel, a case runs on its own kernel and on every kernel that it states a verdict for.

A schedule is followed as far as it goes: while the task of a `run` line sleeps, others run. With --strict, \
each line has to be followed exactly on the case's own kernel, or on the one of --kernel.

Examples:
  mmreap replay corpus
  mmreap replay CASE.mmreap --strict
  mmreap replay CASE.mmreap --all-kernels
  mmreap replay CASE.mmreap --kernel v4.15 --log")]
pub struct Arguments {
    /// Case files, directories of them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run on this release or mutant only
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
    /// Run on every release, and show a table
    #[arg(long, conflicts_with = "kernel")]
    all_kernels: bool,
    /// Run on every mutant, too
    #[arg(long, requires = "all_kernels")]
    mutants: bool,
    /// Let nobody else run while a `run` line is not done
    #[arg(long)]
    strict: bool,
    /// Print the whole event log of each run; with --json, it is among the data
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
    file: String,
    kernel: &'static str,
    verdict: String,
    expected: Option<String>,
    as_expected: bool,
    #[serde(flatten)]
    news: News,
    /// The first line that could not be followed.
    divergence: Option<String>,
    /// Whether there is none, if that was demanded.
    followed: bool,
    same_log: bool,
    /// What a reader of the verdict has to know.
    notes: Vec<String>,
    /// The event log, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Vec<String>>,
    /// The lines of the case that what happened is not like.
    #[serde(skip)]
    errors: Vec<CorpusError>,
}

impl Line {
    fn is_good(&self) -> bool {
        self.as_expected && self.followed && self.same_log
    }
}

/// Replays every file. A file that cannot be read does not stop the others.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let mut runner = Runner::new();
    let mut lines = Vec::new();
    let mut bad = 0;
    let files = expand(&arguments.paths)?;
    if files.is_empty() {
        return Err(Stop(format!(
            "error: there is no *.{EXTENSION} in {}",
            listed(&arguments.paths)
        )));
    }
    for path in &files {
        match replay_file(&mut runner, path, arguments) {
            Ok(more) => lines.extend(more),
            Err(Stop(message)) => {
                errln!("{}", message.trim_end());
                bad += 1;
            }
        }
    }
    if arguments.json {
        print_json(&lines);
    }
    let differs = lines.iter().any(|line| !line.is_good());
    Ok(match (bad, differs) {
        (1.., _) => CANNOT,
        (_, true) => FOUND,
        (_, false) => AS_EXPECTED,
    })
}

fn replay_file(runner: &mut Runner, path: &Path, arguments: &Arguments) -> Result<Vec<Line>, Stop> {
    let file = CaseFile::read(path)?;
    let kernels = kernels(&file, arguments)?;
    if arguments.all_kernels && !arguments.json {
        outln!("{}", shown(path));
    }
    let mut lines = Vec::new();
    for kernel in kernels {
        let line = replay_on(runner, &file, kernel, arguments);
        if !arguments.json {
            show(&line, arguments.all_kernels);
            // They are about the machine, which is the same for all kernels.
            let notes = line.notes.iter().filter(|_| lines.is_empty());
            notes.for_each(|note| outln!("  note: {note}"));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ")
}

/// The kernels that were asked for. Of a table, the case's own is a line, too, if it is a mutant.
fn kernels(file: &CaseFile, arguments: &Arguments) -> Result<Vec<&'static Revision>, Stop> {
    let own = revision_of(file, arguments.kernel)?;
    if arguments.kernel.is_some() {
        return Ok(vec![own]);
    }
    let stated = stated_kernels(&file.case).map_err(|problem| file.error(problem))?;
    let releases = RELEASES.map(|release| release.name);
    Ok(match (arguments.all_kernels, arguments.mutants) {
        (false, _) => stated,
        (true, true) => kernel::all().collect(),
        (true, false) => kernel::all()
            .filter(|kernel| releases.contains(&kernel.name) || kernel.name == own.name)
            .collect(),
    })
}

fn replay_on(
    runner: &mut Runner,
    file: &CaseFile,
    kernel: &'static Revision,
    arguments: &Arguments,
) -> Line {
    let replay = replay(runner, &file.case, kernel);
    let log = explain::log(replay.run.world());
    if arguments.log && !arguments.json {
        out(format_args!("{log}"));
    }
    let same_log = (1..arguments.repeat).all(|_| {
        let again = runner.run_case(&file.case, kernel);
        explain::log(again.world()) == log
    });
    let meant = arguments.kernel.is_some() || kernel.name == file.case.kernel;
    let strict = arguments.strict && meant;
    let first = replay.run.divergences.first(strict);
    let divergence = first.map(|it| {
        let problem = diverged(runner, &file.case, kernel, it);
        // Where a case was not written for the kernel, its places were not meant to be others.
        file.error(if meant { problem } else { Problem { help: None, ..problem } })
    });
    let verdict = wrong_verdict(&file.case, &replay).map(|problem| file.error(problem));
    let notes = replay.notes.iter().map(|note| file.error(note.clone()).to_string());
    let lines = || log.lines().map(String::from).collect();
    Line {
        file: shown(&file.path),
        kernel: kernel.name,
        as_expected: replay.is_as_expected(),
        news: replay.news.clone(),
        verdict: replay.got.to_string(),
        expected: replay.expected.as_ref().map(Expect::to_string),
        divergence: divergence.as_ref().map(CorpusError::to_string),
        followed: !strict || divergence.is_none(),
        same_log,
        notes: notes.collect(),
        log: (arguments.log && arguments.json).then(lines),
        errors: verdict.into_iter().chain(divergence).collect(),
    }
}

fn show(line: &Line, in_table: bool) {
    let mark = match (&line.expected, line.as_expected) {
        (None, _) => "",
        (Some(_), true) => ", as expected",
        (Some(_), false) => ", not as expected",
    };
    let verdict = format!("{}{}", line.verdict, line.news);
    if in_table {
        outln!("  {:<10}  {verdict}{mark}", line.kernel);
    } else {
        outln!("{}: {} {verdict}{mark}", line.file, line.kernel);
    }
    if !line.same_log {
        outln!("  the event logs of two runs differ");
    }
    if !line.is_good() {
        line.errors.iter().for_each(|error| outln!("{}", error.render(true)));
    } else if let Some(divergence) = &line.divergence {
        outln!("  {divergence}");
    }
}
