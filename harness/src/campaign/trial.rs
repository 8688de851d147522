//! One case under several schedules.
//!
//! In two phases. The case is tried under two schedules as the strategies draw them; one that shows nothing
//! new is given up. Else its schedule is varied: segments that stop a task where it has been seen, for as long
//! as that goes on to show something new. A case is cheap to make, and most cases have no bug to show, so the
//! first schedules of another one are worth more than further ones of the same.

use super::Found;
use crate::case::mutate::{Sites, reschedule};
use crate::case::{Case, Signature, Strategy};
use crate::coverage::{Coverage, add_sites};
use crate::run::Runner;
use crate::run::plan::Plan;
use crate::schedule::derive_seed;
use crate::schedule::pilot::PILOT;
use crate::schedule::portfolio::Portfolio;
use arbitrary::Unstructured;
use mmreap::revision::Revision;
use mmreap::world::world;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::rc::Rc;

/// Schedules of a case where somebody else makes the cases: libFuzzer, or a bench.
///
/// A find takes a rare case and then a schedule, so fewer schedules are better. Estimated from ten to twenty runs
/// of each strategy on 800 to 9000 cases per bug, most of them only where three runs of one had found it, so good
/// for comparison and too large as numbers: on geometric mean over 27 bugs, a find takes 1480 runs with 20
/// schedules per case, 1030 with 10, 780 with 5, 670 with 3. Here are 10, because what makes the cases costs time,
/// too, and because schedulers that are compared have to get to what only many schedules show.
pub const RUNS_PER_CASE: u64 = 10;

/// Schedules of a case before it is given up because they showed nothing new, and of every case if nobody looks
/// at what they show: the pilot, or the one that the case came with, and one more.
const SETTLE: u64 = 2;
/// Schedules after one that showed something new.
const MORE: u64 = 1;
/// Schedules of a case at most, in both phases together. While a campaign is young nearly everything is new,
/// and then another case is worth more than another schedule. With 6 of the first phase, up to 26 of both, and
/// half of the cases made from nothing, campaigns need twice as many runs for a find.
const MOST: u64 = 4;

/// Bytes of chance behind a varied schedule. A change of segments uses about 10.
const ENTROPY: usize = 64;

/// Tries so many schedules of a case, which follow from the seed, until one fails in a way that is not known.
/// `watch` hears of every run.
pub fn attempt(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    (seed, runs): (u64, u64),
    is_known: impl Fn(&Signature) -> bool,
    mut watch: impl FnMut(&Runner),
) -> Option<Found> {
    let (plan, mut portfolio) = (Rc::new(Plan::new(case)), Portfolio::new(seed));
    (0..runs).find_map(|run| {
        let found = once(runner, case, &plan, revision, portfolio.next(seed, run));
        watch(runner);
        found.filter(|found| !is_known(&found.failure.signature))
    })
}

fn once(
    runner: &mut Runner,
    case: &Case,
    plan: &Rc<Plan>,
    revision: &'static Revision,
    strategy: Strategy,
) -> Option<Found> {
    let failure = runner.run(plan, revision, strategy).failure?;
    let mut case = case.clone();
    case.schedule.strategy = strategy;
    Some(Found { case, failure })
}

/// A case that is being tried.
pub struct Trial {
    /// The case.
    pub case: Case,
    /// Where the chance of its schedules comes from.
    pub seed: u64,
    /// What showed most of what is new.
    pub best: Option<Best>,
    plan: Rc<Plan>,
    /// Runs that come before those that the portfolio deals out, of which the first is the pilot.
    own: u64,
    runs: u64,
    /// The number of runs after which it is over, as things are.
    until: u64,
}

/// A case with the schedule that showed something new.
pub struct Best {
    /// The case.
    pub case: Case,
    /// Where its tasks have been.
    pub sites: Rc<Sites>,
    features: u32,
}

impl Trial {
    /// The trial of a case.
    pub fn new(case: Case, seed: u64) -> Self {
        let plan = Rc::new(Plan::new(&case));
        let own = u64::from(case.schedule.strategy != PILOT);
        Trial { case, seed, best: None, plan, own, runs: 0, until: SETTLE }
    }

    /// The trial that is one run of a case as it stands.
    pub fn of_one_run(case: Case) -> Self {
        Trial::new(case, 0)
    }

    /// Whether there is more to try.
    pub fn goes_on(&self, guided: bool) -> bool {
        self.runs < if guided { self.until } else { SETTLE }
    }

    /// Runs it once. The first run is as the case stands: what was changed may have been good as it was.
    pub fn run(
        &mut self,
        runner: &mut Runner,
        revision: &'static Revision,
        portfolio: &mut Portfolio,
        coverage: Option<&mut Coverage>,
    ) -> Option<Found> {
        let run = self.runs;
        self.runs += 1;
        let varied = self.varied(run);
        let strategy = match (run, &varied) {
            (0, _) => self.case.schedule.strategy,
            // What another strategy would want to know was learned from other segments.
            (_, Some(_)) => Strategy::Pos { seed: derive_seed(self.seed, run) },
            (_, None) => portfolio.next(self.seed, run - self.own),
        };
        let (case, plan) = match &varied {
            Some(case) => (case, &Rc::new(Plan::new(case))),
            None => (&self.case, &self.plan),
        };
        let found = once(runner, case, plan, revision, strategy);
        let features = coverage.map_or(0, |coverage| coverage.observe(runner).new);
        portfolio.reward(strategy, features);
        if features > 0 {
            let case = varied.unwrap_or_else(|| self.case.clone());
            self.shows(case, strategy, features);
        }
        found
    }

    /// In the second phase the runs have other segments than the best so far.
    fn varied(&self, run: u64) -> Option<Case> {
        let best = self.best.as_ref().filter(|_| run >= SETTLE)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::MAX - run);
        let mut bytes = [0; ENTROPY];
        rng.fill_bytes(&mut bytes);
        let mut case = best.case.clone();
        reschedule(&mut case, &mut Unstructured::new(&bytes), &best.sites);
        Some(case)
    }

    fn shows(&mut self, mut case: Case, strategy: Strategy, features: u32) {
        self.until = self.until.max(self.runs + MORE).min(MOST);
        if self.best.as_ref().is_none_or(|best| best.features < features) {
            case.schedule.strategy = strategy;
            let mut sites = Sites::default();
            world(|w| add_sites(w, &mut sites));
            self.best = Some(Best { case, sites: Rc::new(sites), features });
        }
    }
}
