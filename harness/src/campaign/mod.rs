//! Campaigns: many cases, many schedules of each, and what they found.
//!
//! Here is which cases are tried and which schedules of each, in memory and in one thread.
//!
//! | module | what |
//! |---|---|
//! | `trial` | one case under several schedules |
//! | [`patience`] | how many schedules a case gets |
//! | `pool` | cases that are worth changing |
//! | `given` | cases that somebody gave to be attacked |
//! | `found` | a failure, and its small case |
//! | [`known`] | failures that are no news |
//! | [`queue`], [`state`] | what of a campaign is on disk |
//! | [`worker`] | a campaign on a directory, which can be killed at any moment and goes on |
//! | [`team`] | workers, each a process of its own, on one directory |
//! | [`crosscheck`] | proofs against runs |
//! | [`sweep`], [`nightly`] | every fault once; a night |

pub mod crosscheck;
mod found;
mod given;
pub mod known;
pub mod nightly;
pub mod patience;
mod pool;
pub mod queue;
pub mod scenarios;
pub mod state;
pub mod suite;
pub mod sweep;
pub mod team;
mod trial;
pub mod worker;

pub use found::{Finished, Found, finish, verdict, verdicts};
pub use trial::{RUNS_PER_CASE, attempt};

use crate::case::{Case, Signature, generate, mutate};
use crate::coverage::Map;
use crate::deadline::Deadline;
use crate::run::Runner;
use crate::run::accident::guarded;
use crate::schedule::derive_seed;
use crate::schedule::pilot::PILOT;
use crate::schedule::portfolio::Portfolio;
use arbitrary::Unstructured;
use given::Given;
use mmreap::revision::Revision;
use pool::Pool;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use trial::{Guide, Trial};

/// Bytes of chance behind each case. A case uses about 210.
pub const ENTROPY: usize = 512;

/// What a campaign came to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Cases.
    pub cases: u64,
    /// Runs that failed.
    pub failures: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.runs += other.runs;
        self.cases += other.cases;
        self.failures += other.failures;
    }
}

/// When a campaign has done enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit<'a> {
    /// After so many runs of cases. Those that replay what was kept, minimise, or learn what a strategy has to know do
    /// not count.
    pub runs: Option<u64>,
    /// When it is over in any case.
    pub deadline: Deadline<'a>,
}

impl Limit<'_> {
    /// Whether it has, after so many runs.
    pub fn is_reached(&self, runs: u64) -> bool {
        self.runs.is_some_and(|limit| runs >= limit) || self.deadline.is_over()
    }
}

/// A campaign on one revision, in this thread.
pub struct Campaign {
    /// Runs cases.
    pub runner: Runner,
    /// What was counted.
    pub totals: Totals,
    /// Scheduling decisions of the runs of cases.
    pub decisions: u64,
    revision: &'static Revision,
    seed: u64,
    /// What the runs have shown, unless nobody looks.
    guide: Option<Guide>,
    portfolio: Portfolio,
    pool: Pool,
    /// What is attacked, if somebody gave it.
    given: Option<Given>,
    /// The case at hand, if a failure interrupted its schedules.
    trial: Option<Trial>,
    kept: Vec<Case>,
    seen: BTreeMap<Signature, u64>,
    known: BTreeSet<Signature>,
}

impl Campaign {
    /// A campaign that is guided by coverage, and whose every choice follows from the seed.
    pub fn new(revision: &'static Revision, seed: u64) -> Self {
        let (runner, guide) = (Runner::watching(), Some(Guide::default()));
        Campaign { runner, guide, ..Campaign::blind(revision, seed) }
    }

    /// The same without coverage, to see what coverage is good for: every case gets the same number of
    /// schedules, and every case is kept to be changed.
    pub fn blind(revision: &'static Revision, seed: u64) -> Self {
        Campaign {
            runner: Runner::new(),
            totals: Totals::default(),
            decisions: 0,
            revision,
            seed,
            guide: None,
            portfolio: Portfolio::new(seed),
            pool: Pool::default(),
            given: None,
            trial: None,
            kept: Vec::new(),
            seen: BTreeMap::new(),
            known: BTreeSet::new(),
        }
    }

    /// Attacks these cases, and what is near to them, in the place of cases made of nothing. Nothing changes without
    /// any.
    pub fn on(self, given: Vec<Case>) -> Self {
        Campaign { given: Given::new(given, self.revision.name), ..self }
    }

    /// Says that a signature is known already, so that it is only counted.
    pub fn know(&mut self, signature: Signature) {
        self.known.insert(signature);
    }

    /// Signatures that runs of cases have shown, or of their minimising, and how often.
    pub fn seen(&self) -> &BTreeMap<Signature, u64> {
        &self.seen
    }

    /// The features that runs have shown; `None` without coverage.
    pub fn map(&self) -> Option<&Map> {
        self.guide.as_ref().map(|guide| &guide.coverage.map)
    }

    /// Adds features that runs of other times or processes have shown.
    pub fn merge(&mut self, map: &Map) {
        if let Some(guide) = &mut self.guide {
            guide.coverage.map.merge(map);
        }
    }

    /// Cases that were kept since the last call, each with the schedule that was worth it.
    pub fn take_kept(&mut self) -> Vec<Case> {
        std::mem::take(&mut self.kept)
    }

    /// Goes on until a failure is new, or until the case at hand has had its schedules.
    pub fn step(&mut self) -> Option<Found> {
        loop {
            let found = self.run();
            if found.is_some() || self.trial.is_none() {
                return found;
            }
        }
    }

    /// Runs the case at hand once more, or the next one for the first time: a failure, if it is new.
    pub fn run(&mut self) -> Option<Found> {
        let mut trial = self.trial.take().unwrap_or_else(|| self.begin());
        let found = self.once(&mut trial);
        if trial.goes_on {
            self.trial = Some(trial);
        } else {
            self.conclude(trial);
        }
        found.and_then(|found| self.judge(found))
    }

    /// One run of a case. That it cannot be told what it has shown is a failure, too.
    fn once(&mut self, trial: &mut Trial) -> Option<Found> {
        self.totals.runs += 1;
        let (runner, portfolio) = (&mut self.runner, &mut self.portfolio);
        let guide = self.guide.as_mut();
        let run = guarded(|| trial.run(runner, self.revision, portfolio, guide));
        self.decisions += u64::from(trial.decisions);
        run.unwrap_or_else(|accident| Some(trial.give_up(&accident)))
    }

    /// Runs a case that somebody kept as it stands, and keeps it if it shows anything new here. Its failure is news if
    /// it is not known: the kernel may have changed since.
    pub fn adopt(&mut self, case: Case) -> Option<Found> {
        let mut trial = Trial::new(case, 0);
        let found = self.once(&mut trial);
        self.pool_best(trial);
        found.and_then(|found| self.judge(found))
    }

    /// A new case to try: made from nothing, by changing one of the pool, or by crossing two of it.
    fn begin(&mut self) -> Trial {
        self.totals.cases += 1;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(self.totals.cases);
        let mut bytes = [0; ENTROPY];
        rng.fill_bytes(&mut bytes);
        let case = self.produce(&mut Unstructured::new(&bytes));
        Trial::new(case, derive_seed(self.seed, self.totals.cases))
    }

    fn produce(&mut self, u: &mut Unstructured<'_>) -> Case {
        if let Some(given) = &mut self.given {
            return given.produce(&self.pool, u);
        }
        let choice = u.arbitrary::<u8>().unwrap_or(0);
        let Some((mut case, sites)) = self.pool.pick(u).filter(|_| choice >= FRESH) else {
            let mut case = generate::case(u, self.revision.name);
            case.schedule.strategy = PILOT;
            return case;
        };
        if choice >= CROSSED {
            let other = self.pool.pick(u).expect("the pool is not empty").0;
            return mutate::crossover(&case, &other, u);
        }
        for _ in 0..=(choice & 3).trailing_ones() {
            mutate::mutate(&mut case, u, &sites);
        }
        case
    }

    /// Counts a failure, and returns it if it is new.
    fn judge(&mut self, found: Found) -> Option<Found> {
        self.totals.failures += 1;
        let signature = &found.failure.signature;
        *self.seen.entry(signature.clone()).or_insert(0) += 1;
        self.known.insert(signature.clone()).then_some(found)
    }

    fn conclude(&mut self, trial: Trial) {
        if self.guide.is_none() {
            let chance = derive_seed(trial.seed, u64::MAX);
            self.pool.add(trial.case, Rc::default(), trial.decisions, chance);
        } else if let Some(case) = self.pool_best(trial) {
            self.kept.push(case);
        }
    }

    /// Puts the best schedule of a trial into the pool, if any showed something new.
    fn pool_best(&mut self, trial: Trial) -> Option<Case> {
        let Trial { mut case, best, seed, .. } = trial;
        let best = best?;
        case.schedule.strategy = best.strategy;
        let chance = derive_seed(seed, u64::MAX);
        self.pool.add(case.clone(), best.sites, best.decisions, chance);
        Some(case)
    }

    /// Minimises what was found, until the deadline or for a minute. What else is met is left out unless it is
    /// new.
    pub fn finish(&mut self, found: &Found, deadline: Deadline<'_>) -> Finished {
        let budget = found::budget(deadline);
        let mut finished = finish(&mut self.runner, found, self.revision, &budget, &mut |_| ());
        finished.others.retain(|other| self.known.insert(other.failure.signature.clone()));
        for other in &finished.others {
            *self.seen.entry(other.failure.signature.clone()).or_insert(0) += 1;
        }
        finished
    }
}

/// Of 256 cases, so many are made from nothing: what descends from a tame case is tame for long.
const FRESH: u8 = 192;
/// From here on up to 256, cases are crossed; in between, they are changed.
const CROSSED: u8 = 224;
