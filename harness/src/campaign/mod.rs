//! Campaigns: many cases, many schedules of each, and what they found.
//!
//! [`produce`] and [`attempt`] are all that the `mmreap fuzz` command and the cargo-fuzz target need, and
//! both use them: one draws its bytes from ChaCha, the other from libFuzzer.

pub mod known;
pub mod nightly;
pub mod suite;
pub mod sweep;

use crate::case::{Case, Expect, Signature, generate, mutate};
use crate::minimize::{fits, minimize};
use crate::oracle::Failure;
use crate::run::Runner;
use crate::run::plan::Plan;
use crate::schedule::portfolio::Portfolio;
use arbitrary::Unstructured;
use mmreap::revision::{RELEASES, Revision};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Schedules that are tried for each case: a case is cheap to make, and most races of a small case show
/// within a few schedules or are too rare for many more to help.
pub const RUNS_PER_CASE: u64 = 20;

/// Bytes of chance behind each case. A case uses about 210.
pub(crate) const ENTROPY: usize = 512;

/// Cases kept to be mutated and crossed.
pub(crate) const POOL: usize = 64;

/// A failing run, as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The case, with the strategy and seed under which it fails.
    pub case: Case,
    /// The failure.
    pub failure: Failure,
}

/// What a campaign came to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs.
    pub runs: u64,
    /// Cases.
    pub cases: u64,
    /// Runs that failed.
    pub failures: u64,
}

/// A new case: made from nothing, by changing one of the pool, or by crossing two of it.
pub fn produce(u: &mut Unstructured<'_>, kernel: &str, pool: &[Case]) -> Case {
    let choice = u.arbitrary::<u8>().unwrap_or(0);
    let pick = |u: &mut Unstructured<'_>| u.choose_index(pool.len()).unwrap_or(0);
    if pool.is_empty() || choice < 128 {
        return generate::case(u, kernel);
    }
    let mut case = pool[pick(u)].clone();
    if choice < 224 {
        mutate::mutate(&mut case, u);
        return case;
    }
    let other = pick(u);
    mutate::crossover(&case, &pool[other], u)
}

/// Tries schedules of a case until one fails; also says how many were run.
pub fn attempt(
    runner: &mut Runner,
    portfolio: &mut Portfolio,
    case: &Case,
    revision: &'static Revision,
    seed: u64,
    runs: u64,
) -> (Option<Found>, u64) {
    let plan = Rc::new(Plan::new(case));
    for run in 0..runs {
        let strategy = portfolio.next(seed, run);
        let failure = runner.run(&plan, revision, strategy).failure;
        portfolio.reward(strategy, u32::from(failure.is_some()));
        if let Some(failure) = failure {
            let mut case = case.clone();
            case.schedule.strategy = strategy;
            return (Some(Found { case, failure }), run + 1);
        }
    }
    (None, runs)
}

/// A campaign on one revision, in this thread.
pub struct Campaign {
    /// Runs cases.
    pub runner: Runner,
    /// What was counted.
    pub totals: Totals,
    portfolio: Portfolio,
    revision: &'static Revision,
    rng: ChaCha8Rng,
    pool: Vec<Case>,
    seen: BTreeMap<Signature, u64>,
    known: BTreeSet<Signature>,
}

impl Campaign {
    /// A campaign whose every choice follows from the seed.
    pub fn new(revision: &'static Revision, seed: u64) -> Self {
        Campaign {
            runner: Runner::new(),
            totals: Totals::default(),
            portfolio: Portfolio::new(seed),
            revision,
            rng: ChaCha8Rng::seed_from_u64(seed),
            pool: Vec::new(),
            seen: BTreeMap::new(),
            known: BTreeSet::new(),
        }
    }

    /// Says that a signature is known already, so that it is only counted.
    pub fn know(&mut self, signature: Signature) {
        self.known.insert(signature);
    }

    /// Signatures seen, and how often.
    pub fn seen(&self) -> &BTreeMap<Signature, u64> {
        &self.seen
    }

    /// Tries one more case. Returns a failure whose signature is new.
    pub fn step(&mut self) -> Option<Found> {
        let mut bytes = [0; ENTROPY];
        self.rng.fill_bytes(&mut bytes);
        let seed = self.rng.next_u64();
        let case = produce(&mut Unstructured::new(&bytes), self.revision.name, &self.pool);
        let (runner, portfolio) = (&mut self.runner, &mut self.portfolio);
        let (found, runs) = attempt(runner, portfolio, &case, self.revision, seed, RUNS_PER_CASE);
        self.totals.runs += runs;
        self.totals.cases += 1;
        self.remember(case);
        let found = found?;
        self.totals.failures += 1;
        let signature = &found.failure.signature;
        *self.seen.entry(signature.clone()).or_insert(0) += 1;
        self.known.insert(signature.clone()).then_some(found)
    }

    /// Keeps the case in the pool, in the place of a random older one when the pool is full.
    fn remember(&mut self, case: Case) {
        if self.pool.len() < POOL {
            self.pool.push(case);
        } else {
            let place = self.rng.next_u64() as usize % POOL;
            self.pool[place] = case;
        }
    }

    /// Minimises what was found, and writes down its verdict on every release.
    pub fn finish(&mut self, found: &Found, progress: &mut dyn FnMut(u64)) -> Case {
        finish(&mut self.runner, found, self.revision, progress)
    }
}

/// Minimises a failure, and writes down its verdict on every release.
pub fn finish(
    runner: &mut Runner,
    found: &Found,
    revision: &'static Revision,
    progress: &mut dyn FnMut(u64),
) -> Case {
    let signature = &found.failure.signature;
    let small = minimize(runner, &found.case, revision, signature, progress);
    let mut case = small.filter(fits).unwrap_or_else(|| found.case.clone());
    case.kernel = revision.name.to_string();
    case.expect = Some(Expect::Fail(signature.clone()));
    case.others = verdicts(runner, &case);
    case
}

/// The verdicts on the releases that the case is not made for.
pub fn verdicts(runner: &mut Runner, case: &Case) -> Vec<(String, Expect)> {
    let others = RELEASES.into_iter().filter(|release| release.name != case.kernel);
    others.map(|release| (release.name.to_string(), verdict(runner, case, release))).collect()
}

/// The verdict of a case on a revision.
pub fn verdict(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Expect {
    match runner.run_case(case, revision).failure {
        Some(failure) => Expect::Fail(failure.signature),
        None => Expect::Pass,
    }
}
