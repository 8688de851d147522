//! Faults as a part of what is exhausted: every set of calls that may fail, up to a number.
//!
//! A placement is a set of strikes, each the n-th call of one task at one fault point. Which calls there are is
//! learned from the runs without the last strike, and what fails is a line of the case, so whatever is
//! found replays without the prover.

use crate::case::{Case, Fault, FaultPoint};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Exactly one call fails: a point, a task, and the number of the task's call there, from 1.
pub type Strike = (&'static str, String, u32);

/// For each point (by its word) and task, the largest number of calls in a run.
pub type Calls = BTreeMap<(&'static str, String), u32>;

/// A set of strikes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placement(BTreeSet<Strike>);

impl Placement {
    /// The case with these faults besides its own.
    pub fn apply(&self, case: &Case) -> Case {
        let fault = |(point, task, nth): &Strike| {
            Fault::once(FaultPoint::new(point), *nth, Some(task.clone()))
        };
        let mut case = case.clone();
        case.faults.extend(self.0.iter().map(fault));
        case
    }
}

/// Placements that are left to be tried, those with fewer faults first.
pub struct Placements {
    most: usize,
    seen: BTreeSet<Placement>,
    queue: VecDeque<Placement>,
}

impl Placements {
    /// The empty placement; others of up to so many strikes follow from it.
    pub fn new(most: usize) -> Self {
        let (seen, queue) = (BTreeSet::new(), VecDeque::from([Placement::default()]));
        Placements { most, seen, queue }
    }

    /// The next placement.
    pub fn next(&mut self) -> Option<Placement> {
        self.queue.pop_front()
    }

    /// Adds those with one strike more, at the calls that were seen.
    pub fn grow(&mut self, from: &Placement, calls: &Calls) {
        if from.0.len() >= self.most {
            return;
        }
        for ((point, task), &most) in calls {
            for nth in 1..=most {
                let mut next = from.clone();
                let new = next.0.insert((*point, task.clone(), nth));
                if new && self.seen.insert(next.clone()) {
                    self.queue.push_back(next);
                }
            }
        }
    }
}
