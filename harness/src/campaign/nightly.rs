//! A night: does the corpus still say the truth, and is there anything that it does not know?
//!
//! Four parts, in this order. Every case of the corpus is replayed on every release. The canary, a mutant
//! whose mistake is in plain sight, must be found, or the whole harness is broken and its silence means
//! nothing. Every release is attacked for an equal share of the time; what the canary leaves over is
//! theirs. What is new is minimised at the end, so that a release with many failures takes no time from the
//! others; a night is therefore a little longer than asked for.
//!
//! *Unexpected* is a signature on a kernel on which no case of the corpus expects it. A night is a value:
//! `report` writes it for people and for machines. Arguments are the command line's business.

mod report;

use super::known::Known;
use super::{Campaign, Finished, Found, Totals, finish, verdict};
use crate::case::{Case, Expect, Signature};
use crate::corpus::{self, CorpusError};
use crate::run::Runner;
use crate::schedule::derive_seed;
use mmreap::revision::{self, RELEASES, Revision};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The mutant that must be found. Its exit path does not wait for the reaper.
pub const CANARY: &str = "v4.15+M04";

/// What the canary dies of: one of these oracles, and exactly these two functions in conflict.
const CANARY_ORACLES: [&str; 2] = ["O-PT-UAF", "O-VMA-UAF"];
const CANARY_SITES: [&str; 2] = ["__oom_reap_task_mm", "exit_mmap"];

/// How much a night may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// All campaigns together take so long. What the canary leaves over is the releases'.
    Time(Duration),
    /// Each campaign ends after so many runs, so that the same seed finds the same.
    Runs {
        /// Against the canary, at most.
        canary: u64,
        /// Against each release.
        release: u64,
    },
}

/// When one campaign is over.
#[derive(Clone, Copy)]
enum Limit {
    Time(Duration),
    Runs(u64),
}

/// What a night is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much it may run.
    pub budget: Budget,
    /// The directory of cases.
    pub corpus: PathBuf,
    /// Where the chance of all campaigns comes from.
    pub seed: u64,
}

/// What a night came to.
#[derive(Clone, Debug)]
pub struct Night {
    /// The seed of its campaigns.
    pub seed: u64,
    /// How long it took.
    pub took: Duration,
    /// Cases of the corpus on kernels.
    pub replays: Vec<Replay>,
    /// Whether the canary was found.
    pub canary_found: bool,
    /// The campaign against the canary.
    pub canary: Share,
    /// The campaigns against the releases.
    pub shares: Vec<Share>,
    /// What no case of the corpus expects.
    pub findings: Vec<Finding>,
}

/// A case of the corpus on one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The name of the file.
    pub file: String,
    /// The kernel.
    pub kernel: String,
    /// What the case says about it, if it does.
    pub expected: Option<Expect>,
    /// What happened; `None` if there is no such kernel.
    pub got: Option<Expect>,
    /// Whether that was to be expected.
    pub is_expected: bool,
}

/// A campaign against one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The kernel.
    pub kernel: &'static str,
    /// What was counted.
    pub totals: Totals,
    /// How long it took.
    pub took: Duration,
}

/// A failure that no case of the corpus expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kernel.
    pub kernel: &'static str,
    /// What makes it the same bug as another.
    pub signature: Signature,
    /// One line for a reader.
    pub headline: String,
    /// Small, with its verdicts on all releases.
    pub case: Case,
}

/// Spends a night. `progress` hears what is being done.
pub fn night(settings: &Settings, progress: &mut dyn FnMut(&str)) -> Result<Night, CorpusError> {
    let started = Instant::now();
    let cases = load(settings)?;
    let mut known = Known::default();
    cases.iter().for_each(|(_, case)| known.add(case));
    progress(&format!("replaying {} cases", cases.len()));
    let replays = replay(&cases, &known);
    let (canary, canary_found) = hunt_canary(settings, progress);
    let limit = settings.budget.release(canary.took);
    let (shares, found) = attack(settings, limit, &known, progress);
    let findings = minimize_new(found, known, progress);
    let (seed, took) = (settings.seed, started.elapsed());
    Ok(Night { seed, took, replays, canary_found, canary, shares, findings })
}

fn load(settings: &Settings) -> Result<Vec<(String, Case)>, CorpusError> {
    let files = corpus::list(&settings.corpus)?.into_iter();
    let named = files.map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, corpus::load(&path)?))
    });
    named.collect()
}

fn replay(cases: &[(String, Case)], known: &Known) -> Vec<Replay> {
    let mut runner = Runner::new();
    let mut replays = Vec::new();
    for (file, case) in cases {
        for kernel in kernels(case) {
            replays.push(replay_on(&mut runner, file, case, &kernel, known));
        }
    }
    replays
}

/// The releases, and further kernels that a case speaks of.
fn kernels(case: &Case) -> Vec<String> {
    let mut kernels: Vec<String> = RELEASES.map(|release| release.name.to_string()).into();
    let own = [&case.kernel].into_iter();
    for kernel in own.chain(case.others.iter().map(|(kernel, _)| kernel)) {
        if !kernels.contains(kernel) {
            kernels.push(kernel.clone());
        }
    }
    kernels
}

fn replay_on(runner: &mut Runner, file: &str, case: &Case, kernel: &str, known: &Known) -> Replay {
    let expected = expectation(case, kernel).cloned();
    let got = revision::find(kernel).map(|revision| verdict(runner, case, revision));
    let is_expected = match (&expected, &got) {
        (Some(_), _) => got == expected,
        (None, Some(Expect::Fail(signature))) => known.contains(kernel, signature),
        (None, got) => got.is_some(),
    };
    Replay { file: file.to_string(), kernel: kernel.to_string(), expected, got, is_expected }
}

fn expectation<'a>(case: &'a Case, kernel: &str) -> Option<&'a Expect> {
    if case.kernel == kernel {
        return case.expect.as_ref();
    }
    case.others.iter().find(|(name, _)| name == kernel).map(|(_, expect)| expect)
}

/// Attacks the canary until it is found, for the share of one kernel at most.
fn hunt_canary(settings: &Settings, progress: &mut dyn FnMut(&str)) -> (Share, bool) {
    let canary = revision::find(CANARY).expect("the canary is among the mutants");
    progress(&format!("looking for the canary, {CANARY}"));
    let mut campaign = Campaign::new(canary, derive_seed(settings.seed, 0));
    let mut is_found = false;
    let share = spend(&mut campaign, canary, settings.budget.canary(), |found| {
        is_found = is_canary(&found.failure.signature);
        is_found
    });
    (share, is_found)
}

fn is_canary(signature: &Signature) -> bool {
    let mut sites: Vec<&str> = signature.sites.iter().map(String::as_str).collect();
    sites.sort_unstable();
    CANARY_ORACLES.contains(&signature.oracle.as_str()) && sites == CANARY_SITES
}

/// Attacks every release; returns the failures that are not known on it.
fn attack(
    settings: &Settings,
    limit: Limit,
    known: &Known,
    progress: &mut dyn FnMut(&str),
) -> (Vec<Share>, Vec<(&'static Revision, Found)>) {
    let mut shares = Vec::new();
    let mut all = Vec::new();
    for (index, release) in RELEASES.into_iter().enumerate() {
        progress(&format!("attacking {}", release.name));
        let mut campaign = Campaign::new(release, derive_seed(settings.seed, index as u64 + 1));
        known.on(release.name).for_each(|signature| campaign.know(signature.clone()));
        shares.push(spend(&mut campaign, release, limit, |found| {
            progress(&format!("{}: {}", release.name, found.failure.headline()));
            all.push((release, found));
            false
        }));
    }
    (shares, all)
}

/// Runs a campaign to its limit, or until somebody who hears of a new failure has enough.
fn spend(
    campaign: &mut Campaign,
    revision: &'static Revision,
    limit: Limit,
    mut has_enough: impl FnMut(Found) -> bool,
) -> Share {
    let started = Instant::now();
    while !limit.is_reached(started, campaign.totals) {
        if campaign.step().is_some_and(&mut has_enough) {
            break;
        }
    }
    Share { kernel: revision.name, totals: campaign.totals, took: started.elapsed() }
}

/// Minimises the failures. What an earlier one's case already shows on a later release is left out.
fn minimize_new(
    all: Vec<(&'static Revision, Found)>,
    mut known: Known,
    progress: &mut dyn FnMut(&str),
) -> Vec<Finding> {
    let mut runner = Runner::new();
    let mut findings = Vec::new();
    let mut queue = VecDeque::from(all);
    while let Some((revision, found)) = queue.pop_front() {
        let signature = found.failure.signature.clone();
        if known.contains(revision.name, &signature) {
            continue;
        }
        progress(&format!("minimising {signature} on {}", revision.name));
        let Finished { case, others, .. } = finish(&mut runner, &found, revision, &mut |_| ());
        queue.extend(others.into_iter().map(|other| (revision, other)));
        known.add(&case);
        let headline = found.failure.headline();
        findings.push(Finding { kernel: revision.name, signature, headline, case });
    }
    findings
}

impl Budget {
    fn canary(self) -> Limit {
        match self {
            Budget::Time(time) => Limit::Time(time / (RELEASES.len() as u32 + 1)),
            Budget::Runs { canary, .. } => Limit::Runs(canary),
        }
    }

    /// For one release, when the canary has taken some of the time.
    fn release(self, spent: Duration) -> Limit {
        match self {
            Budget::Time(time) => Limit::Time(time.saturating_sub(spent) / RELEASES.len() as u32),
            Budget::Runs { release, .. } => Limit::Runs(release),
        }
    }
}

impl Limit {
    fn is_reached(self, started: Instant, totals: Totals) -> bool {
        match self {
            Limit::Time(time) => started.elapsed() >= time,
            Limit::Runs(runs) => totals.runs >= runs,
        }
    }
}

impl Night {
    /// Whether nobody has to look at it.
    pub fn is_green(&self) -> bool {
        self.complaints().is_empty()
    }

    /// What somebody has to look at, one line each.
    pub fn complaints(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.replays.is_empty() {
            lines.push("no case was replayed: the corpus is empty".to_string());
        }
        lines.extend(self.replays.iter().filter(|it| !it.is_expected).map(Replay::complaint));
        lines.extend(self.canary_complaint());
        let idle = self.shares.iter().filter(|share| share.totals.runs == 0);
        lines.extend(idle.map(|share| format!("{}: not a single run", share.kernel)));
        lines.extend(self.findings.iter().map(Finding::complaint));
        lines
    }

    fn canary_complaint(&self) -> Option<String> {
        let runs = self.canary.totals.runs;
        (!self.canary_found).then(|| format!("the canary {CANARY} was not found in {runs} runs"))
    }
}

impl Replay {
    fn complaint(&self) -> String {
        let expected = self.expected.as_ref().map_or("nothing new".to_string(), Expect::to_string);
        let got = self.got.as_ref().map_or("no such kernel".to_string(), Expect::to_string);
        format!("{} on {}: expected {expected}, got {got}", self.file, self.kernel)
    }
}

impl Finding {
    fn complaint(&self) -> String {
        format!("{}: {} ({})", self.kernel, self.signature, self.headline)
    }
}
