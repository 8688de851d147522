//! A hunt: one bug, one arm, one seed; runs are counted until the bug shows.
//!
//! Each case gets the same number of runs, whatever they come to, so the n-th run of every arm is a run of
//! the same case: arms differ in schedules and in nothing else. Patient arms have the same cases in the same
//! order, and decide by what its runs show when to leave a case for the next. Other failures are passed over.

use super::arm::{Arm, Dealer, How, Next, Schedules};
use super::cases::Cases;
use super::survival::Observation;
use mmreap::revision::Revision;
use mmreap_harness::campaign::Campaign;
use mmreap_harness::campaign::patience::{MOST, Patience};
use mmreap_harness::campaign::suite::Bug;
use mmreap_harness::coverage::Coverage;
use mmreap_harness::kernel;
use mmreap_harness::oracle::Failure;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::derive_seed;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is looked for, how, and where chance comes from.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The bug.
    pub bug: &'static Bug,
    /// The way to choose schedules.
    pub arm: &'static Arm,
    /// One of the seeds.
    pub seed: u64,
    /// Schedules of each case.
    pub schedules: u64,
    /// Runs after which it is given up.
    pub cap: u64,
}

impl Hunt {
    /// Its cases, which do not depend on the arm.
    pub fn cases(&self) -> Cases {
        let Bug { id, kernel, .. } = self.bug;
        Cases::new(kernel, keyed(self.seed, &format!("{id} {kernel}")))
    }

    /// Hunts until the bug shows, or the cap is reached. `None` if it was told to stop.
    pub fn run(&self, runner: &mut Runner, stop: &AtomicBool) -> Option<Observation> {
        let Bug { id, kernel, .. } = self.bug;
        let seed = keyed(self.seed, &format!("{id} {kernel} {}", self.arm.name));
        let revision = kernel::find(kernel).expect("bugs are of kernels that exist");
        match self.arm.how {
            How::Schedules(begin) => {
                self.by_schedules(runner, revision, begin(seed, self.schedules), stop)
            }
            How::Patience(begin) => self.by_patience(revision, seed, begin(seed), stop),
            How::Campaign(begin) => self.by_campaign(begin(revision, seed), stop),
        }
    }

    fn by_schedules(
        &self,
        runner: &mut Runner,
        revision: &'static Revision,
        mut schedules: Schedules,
        stop: &AtomicBool,
    ) -> Option<Observation> {
        let plans = self.cases().map(|case| Rc::new(Plan::new(&case)));
        let turns = plans.flat_map(|plan| (0..self.schedules).map(move |_| plan.clone()));
        for (run, plan) in (0..self.cap).zip(turns) {
            let ran = match schedules(run) {
                Next::Strategy(strategy) => runner.run(&plan, revision, strategy),
                Next::Scheduler(scheduler) => runner.run_with(&plan, revision, scheduler),
            };
            if ran.failure.is_some_and(|failure| self.bug.is(&failure.signature)) {
                return Some(Observation { time: run + 1, event: true });
            }
            if stop.load(Ordering::Relaxed) {
                return None;
            }
        }
        Some(Observation { time: self.cap, event: false })
    }

    fn by_patience(
        &self,
        revision: &'static Revision,
        seed: u64,
        mut dealer: Dealer,
        stop: &AtomicBool,
    ) -> Option<Observation> {
        let (mut runner, mut coverage) = (Runner::watching(), Coverage::default());
        let (mut patience, mut runs) = (Patience::default(), 0);
        for (number, case) in (0..).zip(self.cases()) {
            let (plan, case_seed) = (Rc::new(Plan::new(&case)), derive_seed(seed, number));
            for run in 0..MOST {
                if runs == self.cap {
                    return Some(Observation { time: runs, event: false });
                }
                let strategy = dealer.next(case_seed, run);
                let ran = runner.run(&plan, revision, strategy);
                runs += 1;
                let is_found = |failure: &Failure| self.bug.is(&failure.signature);
                if ran.failure.as_ref().is_some_and(is_found) {
                    return Some(Observation { time: runs, event: true });
                }
                if stop.load(Ordering::Relaxed) {
                    return None;
                }
                let shown = coverage.observe(&ran);
                dealer.reward(strategy, shown.new);
                if !patience.goes_on(shown.worth) {
                    break;
                }
            }
        }
        unreachable!("there is always another case")
    }

    /// A campaign goes on until a failure is new to it; what is not the bug is known from then on.
    fn by_campaign(&self, mut campaign: Campaign, stop: &AtomicBool) -> Option<Observation> {
        let cap = self.cap;
        while campaign.totals.runs < cap && !stop.load(Ordering::Relaxed) {
            let found = campaign.step();
            if found.is_some_and(|found| self.bug.is(&found.failure.signature)) {
                let (time, event) = (campaign.totals.runs, campaign.totals.runs <= cap);
                return Some(Observation { time: time.min(cap), event });
            }
        }
        let over = campaign.totals.runs >= cap;
        over.then_some(Observation { time: cap, event: false })
    }
}

/// The seed of what a text names, so that no two things share their chance.
fn keyed(seed: u64, text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(seed, |seed, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        derive_seed(seed, u64::from_le_bytes(word))
    })
}
