//! Cases that somebody gave: what a campaign attacks in the place of cases that it makes itself.
//!
//! "Does this case have any other schedule that fails, or one with a fault, or a neighbour?" First each runs as it
//! stands. From then on most trials are of a given case under other schedules; the others change its segments, or make
//! a few changes to the case itself. What is changed is always a given case: changes of changes would lead away.

use super::pool::Pool;
use crate::case::Case;
use crate::case::mutate::{self, Sites};
use crate::schedule::pilot::PILOT;
use arbitrary::Unstructured;
use std::rc::Rc;

/// Of 256 trials, so many are of a given case under other schedules.
const AS_GIVEN: u8 = 160;
/// From there up to here, segments are changed; from here on the case is.
const RESCHEDULED: u8 = 208;
/// Changes that make a neighbour, at most.
const NEAR: u8 = 3;

/// The cases, at least one.
pub struct Given {
    cases: Vec<Case>,
    /// How many of them have run as they stand.
    run: usize,
}

impl Given {
    /// The cases for a kernel, without what is said about their verdicts, which are to be found out. `None` if there
    /// are none.
    pub fn new(mut cases: Vec<Case>, kernel: &str) -> Option<Self> {
        for case in &mut cases {
            case.kernel = kernel.to_string();
            mutate::forget_verdicts(case);
        }
        (!cases.is_empty()).then_some(Given { cases, run: 0 })
    }

    /// The case of the next trial. Where tasks of similar cases have been, the pool remembers.
    pub fn produce(&mut self, pool: &Pool, u: &mut Unstructured<'_>) -> Case {
        if let Some(case) = self.cases.get(self.run) {
            self.run += 1;
            return case.clone();
        }
        let choice = u.arbitrary::<u8>().unwrap_or(0);
        let mut case = self.cases[u.choose_index(self.cases.len()).unwrap_or(0)].clone();
        if choice < AS_GIVEN {
            case.schedule.segments.clear();
            case.schedule.strategy = PILOT;
            return case;
        }
        let sites = pool.pick(u).map_or_else(Rc::<Sites>::default, |(_, sites)| sites);
        if choice < RESCHEDULED {
            mutate::reschedule(&mut case, u, &sites);
        } else {
            (0..=choice % NEAR).for_each(|_| mutate::mutate(&mut case, u, &sites));
        }
        case
    }
}
