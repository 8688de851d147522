//! A night: does the corpus still say the truth, and is there anything that it does not know?
//!
//! Five parts, in this order. Every case of the corpus is replayed on every release. The canary, a mutant
//! whose mistake is in plain sight, must be found, or the whole harness is broken and its silence means
//! nothing. What is proven clean is run, and must not fail, or proofs mean nothing. Every release is attacked, and
//! what is new is minimised at the end, so that a release with many failures takes no time from the others.
//! Canary, proofs, releases and minimising get equal shares of the time that is left when their turn comes; what
//! there is no time to minimise is reported as it was found. A night that is called off reports what it has come
//! to by then.
//!
//! *Unexpected* is a signature on a kernel on which no case of the corpus expects it. A night is a value:
//! arguments and reports are the command line's business.

use super::crosscheck::{self, Comparison, Contradiction, claim, subjects};
use super::found::budget;
use super::known::Known;
use super::{Campaign, Finished, Found, Limit, Totals, finish, verdict};
use crate::case::{Case, Expect, Signature};
use crate::corpus::{self, CorpusError};
use crate::deadline::Deadline;
use crate::kernel;
use crate::run::Runner;
use crate::schedule::derive_seed;
use mmreap::exit::exit_mmap::EXIT_MMAP;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The mutant that must be found. Its exit path does not wait for the reaper.
pub const CANARY: &str = "v4.15+M04";

/// What the canary dies of: one of these oracles, and exactly these two functions in conflict.
const CANARY_ORACLES: [&str; 2] = ["O-PT-UAF", "O-VMA-UAF"];
const CANARY_SITES: [&str; 2] = [OOM_REAP_TASK_MM.name(), EXIT_MMAP.name()];

/// How much a night may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// All campaigns and minimising together take so long.
    Time(Duration),
    /// Each campaign ends after so many runs, so that the same seed finds the same.
    Runs {
        /// Against the canary, at most.
        canary: u64,
        /// Against each release.
        release: u64,
        /// Proofs that are compared with runs.
        claims: u64,
    },
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
    /// Proofs against runs.
    pub comparison: Comparison,
    /// The campaigns against the releases.
    pub shares: Vec<Share>,
    /// What no case of the corpus expects.
    pub findings: Vec<Finding>,
    /// Files of the corpus that cannot be used, each with the reason.
    pub broken: Vec<(String, String)>,
    /// Whether it was called off, so that something of it may be missing.
    pub is_called_off: bool,
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

/// Spends a night. `progress` hears what is being done; `end` says whether the night is called off.
pub fn night(
    settings: &Settings,
    end: Deadline<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Night, CorpusError> {
    let started = Instant::now();
    let (cases, broken) = load(settings)?;
    let mut known = Known::default();
    cases.iter().for_each(|(_, case)| known.add(case));
    progress(&format!("replaying {} cases", cases.len()));
    let replays = replay(&cases, &known, end);
    let deadline = settings.budget.deadline(end);
    let (canary, canary_found) = hunt_canary(settings, deadline, progress);
    progress("comparing proofs with runs");
    let (most, part) = (settings.budget.claims(), deadline.part(RELEASES.len() as u32 + 2));
    let comparison = crosscheck::compare(subjects(settings.seed), claim, most, part);
    let (shares, found) = attack(settings, deadline, &known, progress);
    let findings = minimize_new(found, known, deadline, progress);
    Ok(Night {
        seed: settings.seed,
        took: started.elapsed(),
        replays,
        canary_found,
        canary,
        comparison,
        shares,
        findings,
        broken,
        is_called_off: end.is_over(),
    })
}

/// What there is for each of some files.
type Files<T> = Vec<(String, T)>;

/// The cases of the corpus, and what is wrong with the files that are none.
fn load(settings: &Settings) -> Result<(Files<Case>, Files<String>), CorpusError> {
    let (mut cases, mut broken) = (Vec::new(), Vec::new());
    for path in corpus::list(&settings.corpus)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match corpus::load(&path) {
            Ok(case) => cases.push((name, case)),
            Err(error) => broken.push((name, error.to_string())),
        }
    }
    Ok((cases, broken))
}

fn replay(cases: &[(String, Case)], known: &Known, end: Deadline<'_>) -> Vec<Replay> {
    let mut runner = Runner::new();
    let mut replays = Vec::new();
    for (file, case) in cases.iter().take_while(|_| !end.is_over()) {
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
    let got = kernel::find(kernel).map(|revision| verdict(runner, case, revision));
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

/// Attacks the canary until it is found, for its share at most.
fn hunt_canary(
    settings: &Settings,
    deadline: Deadline<'_>,
    progress: &mut dyn FnMut(&str),
) -> (Share, bool) {
    let canary = kernel::find(CANARY).expect("the canary is among the mutants");
    progress(&format!("looking for the canary, {CANARY}"));
    let mut campaign = Campaign::new(canary, derive_seed(settings.seed, 0));
    let mut is_found = false;
    // Besides it there are proofs, the releases and minimising.
    let deadline = deadline.part(RELEASES.len() as u32 + 3);
    let limit = Limit { runs: settings.budget.canary_runs(), deadline };
    let share = spend(&mut campaign, canary, &limit, |found| {
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

/// Attacks every release, until the night is called off; returns the failures that are not known on it.
fn attack(
    settings: &Settings,
    deadline: Deadline<'_>,
    known: &Known,
    progress: &mut dyn FnMut(&str),
) -> (Vec<Share>, Vec<(&'static Revision, Found)>) {
    let mut shares = Vec::new();
    let mut all = Vec::new();
    for (index, release) in RELEASES.into_iter().enumerate() {
        if deadline.is_called_off() {
            break;
        }
        progress(&format!("attacking {}", release.name));
        let mut campaign = Campaign::new(release, derive_seed(settings.seed, index as u64 + 1));
        known.on(release.name).for_each(|signature| campaign.know(signature.clone()));
        let part = deadline.part((RELEASES.len() - index) as u32 + 1);
        let limit = Limit { runs: settings.budget.release_runs(), deadline: part };
        shares.push(spend(&mut campaign, release, &limit, |found| {
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
    limit: &Limit<'_>,
    mut has_enough: impl FnMut(Found) -> bool,
) -> Share {
    let started = Instant::now();
    while !limit.is_reached(campaign.totals.runs) {
        if campaign.run().is_some_and(&mut has_enough) {
            break;
        }
    }
    Share { kernel: revision.name, totals: campaign.totals, took: started.elapsed() }
}

/// Minimises the failures. What an earlier one's case already shows on a later release is left out.
fn minimize_new(
    all: Vec<(&'static Revision, Found)>,
    mut known: Known,
    deadline: Deadline<'_>,
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
        let budget = budget(deadline.part(queue.len() as u32 + 1));
        let finished = finish(&mut runner, &found, revision, &budget, &mut |_| ());
        let Finished { case, others, .. } = finished;
        queue.extend(others.into_iter().map(|other| (revision, other)));
        known.add(&case);
        let headline = found.failure.headline();
        findings.push(Finding { kernel: revision.name, signature, headline, case });
    }
    findings
}

impl Budget {
    /// When the night is over, if what it may take begins now.
    fn deadline(self, end: Deadline<'_>) -> Deadline<'_> {
        match self {
            Budget::Time(time) => end.within(time),
            Budget::Runs { .. } => end,
        }
    }

    fn canary_runs(self) -> Option<u64> {
        match self {
            Budget::Time(_) => None,
            Budget::Runs { canary, .. } => Some(canary),
        }
    }

    fn claims(self) -> u64 {
        match self {
            Budget::Time(_) => u64::MAX,
            Budget::Runs { claims, .. } => claims,
        }
    }

    fn release_runs(self) -> Option<u64> {
        match self {
            Budget::Time(_) => None,
            Budget::Runs { release, .. } => Some(release),
        }
    }
}

impl Night {
    /// Whether nobody has to look at it.
    pub fn is_green(&self) -> bool {
        self.complaints().is_empty() && !self.is_called_off
    }

    /// What it is called.
    pub fn color(&self) -> &'static str {
        match (self.complaints().is_empty(), self.is_called_off) {
            (false, _) => "red",
            (true, true) => "interrupted",
            (true, false) => "green",
        }
    }

    /// What somebody has to look at, one line each.
    pub fn complaints(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.broken.iter().map(|(_, why)| why.clone()));
        if self.replays.is_empty() && !self.is_called_off {
            lines.push("no case was replayed: the corpus is empty".to_string());
        }
        lines.extend(self.replays.iter().filter(|it| !it.is_expected).map(Replay::complaint));
        lines.extend(self.canary_complaint());
        lines.extend(self.proof_complaint());
        lines.extend(self.comparison.contradictions.iter().map(Contradiction::complaint));
        let idle = self.shares.iter().filter(|share| self.is_idle(share));
        lines.extend(idle.map(|share| format!("{}: not a single run", share.kernel)));
        lines.extend(self.findings.iter().map(Finding::complaint));
        lines
    }

    /// What is wrong if the canary was not found.
    pub fn canary_complaint(&self) -> Option<String> {
        let runs = self.canary.totals.runs;
        (!self.canary_found && !self.is_called_off)
            .then(|| format!("the canary {CANARY} was not found in {runs} runs"))
    }

    /// What is wrong if no proof was compared with runs.
    pub fn proof_complaint(&self) -> Option<String> {
        let is_idle = self.comparison.claims == 0 && !self.is_called_off;
        is_idle.then(|| "no proof was compared with runs".to_string())
    }

    /// Whether a campaign did nothing although it could have.
    pub fn is_idle(&self, share: &Share) -> bool {
        share.totals.runs == 0 && !self.is_called_off
    }

    /// That something is missing.
    pub fn interruption(&self) -> Option<String> {
        let seconds = self.took.as_secs_f64();
        self.is_called_off.then(|| format!("interrupted after {seconds:.0} s: the rest is missing"))
    }
}

impl Replay {
    /// What was expected, and what was got instead.
    pub fn complaint(&self) -> String {
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
