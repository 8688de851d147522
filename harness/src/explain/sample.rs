//! The case under other schedules. What one run seems to say has to hold in these, too: a failure may be reached
//! in several ways, and one of them says little.

use crate::case::{Case, Schedule, Signature};
use crate::run::Runner;
use crate::run::plan::Plan;
use crate::schedule::in_order::IN_ORDER;
use crate::schedule::portfolio::Portfolio;
use mmreap::revision::Revision;
use mmreap::world::World;
use std::rc::Rc;

/// Runs under the schedules of a campaign.
const RUNS: u64 = 200;

/// What these are dealt by.
const SEED: u64 = 0;

/// Looks at each run of a case under other schedules than its own, and is told whether it fails in the same way;
/// until it has seen enough.
pub(super) fn each(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    signature: &Signature,
    mut is_enough: impl FnMut(&World, bool) -> bool,
) {
    let schedule = Schedule { strategy: IN_ORDER.of(&[]), segments: Vec::new() };
    let plan = Rc::new(Plan::new(&Case { schedule, ..case.clone() }));
    let mut portfolio = Portfolio::new(SEED);
    for run in 0..RUNS {
        let run = runner.run(&plan, revision, portfolio.next(SEED, run));
        let is_same = run.failure.as_ref().is_some_and(|failure| failure.signature == *signature);
        if is_enough(run.world(), is_same) {
            return;
        }
    }
}
