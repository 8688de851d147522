//! One case under several schedules.
//!
//! The first is the one that the case came with, or the pilot; the others come from the portfolio. Where somebody
//! looks at what runs show, a case goes on for as long as [`patience`](super::patience) lasts; a blind one has two.
//! Changes of segments are changes of the case, and not made here: with segments of their own for all
//! schedules but the first, campaigns took 1.2 times as many runs for a find (28 bugs, 30 seeds).

use super::Found;
use super::patience::{MOST, Patience};
use crate::case::mutate::Sites;
use crate::case::{Case, Signature, Strategy};
use crate::coverage::{Coverage, Shown, add_sites};
use crate::run::accident::Accident;
use crate::run::own;
use crate::run::plan::Plan;
use crate::run::{Run, Runner};
use crate::schedule::pilot::PILOT;
use crate::schedule::portfolio::Portfolio;
use mmreap::revision::Revision;
use std::rc::Rc;

/// Schedules of a case where somebody else makes the cases: libFuzzer, or a bench.
///
/// A find takes a rare case and then a schedule, so fewer schedules are better. Estimated from ten to twenty runs
/// of each strategy on 800 to 9000 cases per bug, most of them only where three runs of one had found it, so good
/// for comparison and too large as numbers: on geometric mean over 27 bugs, a find takes 1480 runs with 20
/// schedules per case, 1030 with 10, 780 with 5, 670 with 3. Here are 10, because what makes the cases costs time,
/// too, and because schedulers that are compared have to get to what only many schedules show.
pub const RUNS_PER_CASE: u64 = 10;

/// Schedules of a case if nobody looks at what they show.
const BLIND: u64 = 2;

/// Tries so many schedules of a case, which follow from the seed, until one fails in a way that is not known.
/// `watch` hears of every run.
pub fn attempt(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    (seed, runs): (u64, u64),
    is_known: impl Fn(&Signature) -> bool,
    mut watch: impl FnMut(&Run),
) -> Option<Found> {
    let (plan, mut portfolio) = (Rc::new(Plan::new(case)), Portfolio::new(seed));
    (0..runs).find_map(|run| {
        let strategy = portfolio.next(seed, run);
        let run = runner.run(&plan, revision, strategy);
        watch(&run);
        found(case, strategy, run).filter(|found| !is_known(&found.failure.signature))
    })
}

/// The failure of a run of the case with the strategy.
fn found(case: &Case, strategy: Strategy, run: Run) -> Option<Found> {
    let failure = run.failure?;
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
    /// Whether there is more to try.
    pub goes_on: bool,
    /// What showed most of what is new.
    pub best: Option<Best>,
    /// Scheduling decisions of the latest run.
    pub decisions: u32,
    plan: Rc<Plan>,
    /// The strategy of the latest run.
    strategy: Strategy,
    /// Runs that come before those that the portfolio deals out, of which the first is the pilot.
    own: u64,
    runs: u64,
}

/// The schedule of a case that showed most of what is new.
pub struct Best {
    /// Its strategy.
    pub strategy: Strategy,
    /// Where the tasks have been.
    pub sites: Rc<Sites>,
    /// Scheduling decisions of its run.
    pub decisions: u32,
    features: u32,
}

/// What campaigns go by that look at what runs show.
#[derive(Default)]
pub struct Guide {
    /// What was seen.
    pub coverage: Coverage,
    /// What that was worth.
    pub patience: Patience,
}

impl Trial {
    /// The trial of a case.
    pub fn new(case: Case, seed: u64) -> Self {
        let plan = Rc::new(Plan::new(&case));
        let strategy = case.schedule.strategy;
        let own = u64::from(strategy != PILOT);
        Trial { case, seed, goes_on: true, best: None, decisions: 0, plan, strategy, own, runs: 0 }
    }

    /// Ends the trial with an accident, which is a failure of its latest run.
    pub fn give_up(&mut self, accident: &Accident) -> Found {
        self.goes_on = false;
        let mut case = self.case.clone();
        case.schedule.strategy = self.strategy;
        Found { case, failure: own::failure(accident) }
    }

    /// Runs it once. The first run is as the case stands: what was changed may have been good as it was.
    pub fn run(
        &mut self,
        runner: &mut Runner,
        revision: &'static Revision,
        portfolio: &mut Portfolio,
        guide: Option<&mut Guide>,
    ) -> Option<Found> {
        let strategy = match self.runs {
            0 => self.case.schedule.strategy,
            run => portfolio.next(self.seed, run - self.own),
        };
        self.runs += 1;
        self.strategy = strategy;
        self.decisions = 0;
        let run = runner.run(&self.plan, revision, strategy);
        self.decisions = run.steps;
        self.goes_on = match guide {
            None => self.runs < BLIND,
            Some(guide) => {
                let shown = guide.coverage.observe(&run);
                portfolio.reward(strategy, shown.new);
                self.learn(&run, strategy, shown);
                guide.patience.goes_on(shown.worth) && self.runs < MOST
            }
        };
        found(&self.case, strategy, run)
    }

    fn learn(&mut self, run: &Run, strategy: Strategy, shown: Shown) {
        let most = self.best.as_ref().map_or(0, |best| best.features);
        if shown.new > most {
            let mut sites = Sites::default();
            add_sites(run.world(), &mut sites);
            let (sites, features, decisions) = (Rc::new(sites), shown.new, self.decisions);
            self.best = Some(Best { strategy, sites, decisions, features });
        }
    }
}
