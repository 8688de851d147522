//! What `mmreap fuzz` shows: one line of progress for all workers, each new failure, and a summary.

use crate::command::print::{errln, outln};
use crate::command::print_json;
use indicatif::{ProgressBar, ProgressStyle};
use mmreap::revision::Revision;
use mmreap_harness::campaign::Totals;
use mmreap_harness::campaign::known::Known;
use mmreap_harness::campaign::worker::{Event, Finding, Progress, Settings};
use mmreap_harness::case::{Case, Signature};
use mmreap_harness::corpus::{self, shown};
use mmreap_harness::counted::counted;
use mmreap_harness::explain::{self, rules::Group};
use mmreap_harness::run::Runner;
use mmreap_harness::run::accident::guarded;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Instant;

#[derive(Serialize)]
struct Summary {
    kernel: &'static str,
    seed: u64,
    runs: u64,
    cases: u64,
    failures: u64,
    kept: u64,
    features: u32,
    seconds: f64,
    workers_lost: u64,
    /// Failures that are written down for this kernel, older ones included.
    known: usize,
    found: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    signature: String,
    group: Option<Group>,
    file: String,
    /// Of a patch: whether the release that it changes fails in the same way, too.
    is_inherited: bool,
    is_minimal: bool,
    runs: u64,
    seconds: f64,
}

/// What is shown.
pub struct Display {
    kernel: &'static Revision,
    directory: PathBuf,
    seed: u64,
    json: bool,
    started: Instant,
    bar: ProgressBar,
    /// The latest of each worker.
    progress: BTreeMap<usize, Progress>,
    /// The signatures of the kernel that were written down before, and since.
    known: BTreeSet<String>,
    warnings: BTreeSet<String>,
    found: Vec<Shown>,
    workers_lost: u64,
}

impl Display {
    /// Greets, and begins to show.
    pub fn new(settings: &Settings, json: bool) -> Self {
        let Settings { revision: kernel, seed, directory, given, .. } = settings;
        if !json {
            let cases = match given.len() {
                0 => String::new(),
                n => format!(" with {} and what is near", counted(n, "case", "cases")),
            };
            outln!(
                "attacking {}{cases}, seed {seed}; Ctrl-C stops and keeps what was found",
                kernel.name
            );
        }
        Display {
            kernel,
            directory: directory.clone(),
            seed: *seed,
            json,
            started: Instant::now(),
            bar: progress_bar(),
            progress: BTreeMap::new(),
            known: known(directory, kernel),
            warnings: BTreeSet::new(),
            found: Vec::new(),
            workers_lost: 0,
        }
    }

    /// Shows what a worker tells. Says whether it is a failure that nobody told before.
    pub fn hear(&mut self, worker: usize, event: Event) -> bool {
        match event {
            Event::Warning(text) => self.warn(text),
            Event::Resuming { done, all } => {
                self.show_progress(&format!(", {done} of {all} kept cases replayed"));
            }
            Event::Progress(progress) => {
                self.progress.insert(worker, progress);
                self.show_progress("");
            }
            Event::Minimising(signature) => {
                self.show_progress(&format!(", minimising {signature}"))
            }
            Event::Unwritten(case) if self.json => self.bar.suspend(|| errln!("{case}")),
            Event::Unwritten(case) => self.bar.suspend(|| outln!("{case}")),
            Event::Found(finding) => return self.found(finding),
        }
        false
    }

    /// Shows a warning, of which it has to be told once however many workers tell it.
    fn warn(&mut self, text: String) {
        if self.warnings.insert(text.clone()) {
            self.bar.suspend(|| errln!("warning: {text}"));
        }
    }

    /// Shows that a worker died. The others go on.
    pub fn lost(&mut self, worker: usize, status: ExitStatus) {
        self.workers_lost += 1;
        self.bar.suspend(|| errln!("worker {} died: {status}", worker + 1));
    }

    fn found(&mut self, finding: Finding) -> bool {
        let Finding { signature, file, runs, is_minimal } = finding;
        if self.found.iter().any(|other| other.signature == signature) {
            return false;
        }
        self.known.insert(signature.clone());
        let path = self.directory.join(file);
        let case = corpus::load(&path).ok();
        let file = shown(&path);
        let is_inherited = case.as_ref().is_some_and(|case| is_inherited(case, self.kernel));
        if !self.json {
            let text = case.as_ref().and_then(|case| self.explained(case));
            let text = text.unwrap_or_else(|| format!("{signature}\n"));
            let how = if is_minimal { "" } else { "; not minimal yet: `mmreap minimize` goes on" };
            let whose = if is_inherited {
                format!("; {} fails in the same way, too", self.kernel.release)
            } else {
                String::new()
            };
            self.bar.suspend(|| outln!("\n{text}\nwritten to {file}{whose}{how}"));
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let group = case.as_ref().and_then(corpus::expected).map(Group::of);
        self.found.push(Shown { signature, group, file, is_inherited, is_minimal, runs, seconds });
        true
    }

    /// What a case shows. What would make it pass is for `mmreap explain` to look for, as the campaign goes on.
    fn explained(&self, case: &Case) -> Option<String> {
        let explain = || explain::briefly(&mut Runner::new(), case, self.kernel);
        guarded(explain).ok().flatten().map(|explanation| explanation.to_string())
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.progress.values().for_each(|progress| totals += progress.totals);
        totals
    }

    fn features(&self) -> u32 {
        self.progress.values().map(|progress| progress.features).max().unwrap_or(0)
    }

    fn groups(&self) -> String {
        let groups: BTreeSet<_> =
            self.found.iter().filter_map(|shown| shown.group.as_ref()).collect();
        counted(groups.len(), "group", "groups")
    }

    fn show_progress(&self, doing: &str) {
        let totals = self.totals();
        let rate = totals.runs as f64 / self.started.elapsed().as_secs_f64();
        self.bar.set_message(format!(
            "{rate:.0} runs/s, {} cases, {} features, {} failures known{doing}",
            totals.cases,
            self.features(),
            self.known.len()
        ));
        self.bar.tick();
    }

    /// Prints the summary. Says whether anything new was found.
    pub fn conclude(self) -> bool {
        self.bar.finish_and_clear();
        let (totals, seconds) = (self.totals(), self.started.elapsed().as_secs_f64());
        let any = !self.found.is_empty();
        if self.json {
            print_json(&Summary {
                kernel: self.kernel.name,
                seed: self.seed,
                runs: totals.runs,
                cases: totals.cases,
                failures: totals.failures,
                kept: self.progress.values().map(|progress| progress.kept).sum(),
                features: self.features(),
                seconds,
                workers_lost: self.workers_lost,
                known: self.known.len(),
                found: self.found,
            });
            return any;
        }
        outln!(
            "\n{} runs of {} cases in {seconds:.1} s: {} new failures of {}; with older ones {} on {}",
            totals.runs,
            totals.cases,
            self.found.len(),
            self.groups(),
            self.known.len(),
            self.kernel.name
        );
        any
    }
}

/// Whether the release that a kernel changes fails on its case in the same way, as the case says.
fn is_inherited(case: &Case, kernel: &Revision) -> bool {
    let mut others = case.others.iter();
    others.any(|(name, expect)| name == kernel.release && Some(expect) == case.expect.as_ref())
}

/// The failures that the cases of a directory expect on a kernel. Files that cannot be read are the workers' to
/// report.
fn known(directory: &Path, kernel: &Revision) -> BTreeSet<String> {
    let mut known = Known::default();
    let files = corpus::list(directory).unwrap_or_default();
    files.iter().filter_map(|path| corpus::load(path).ok()).for_each(|case| known.add(&case));
    known.on(kernel.name).map(Signature::to_string).collect()
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}");
    let bar = ProgressBar::new_spinner();
    bar.set_style(style.expect("the template is well-formed"));
    bar
}
