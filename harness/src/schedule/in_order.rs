//! In order: the same thread goes on while it can, then the first that can. No preemption, no chance.
//!
//! It is what a minimised case leaves open: everything that its segments do not say.

use super::{AskPilot, Kind, Strategy};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;

/// `in_order`.
pub static IN_ORDER: Kind =
    Kind::new("in_order", "the same thread while it can, then the first that can", choose);

fn choose(_: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(InOrder)
}

/// Runs threads in order. The clock comes last, so that no timer fires while a thread can run.
#[derive(Debug, Default)]
pub struct InOrder;

impl Choose for InOrder {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let threads = || candidates.iter().map(|c| c.thread).filter(|&t| t != Tid::CLOCK);
        let goes_on = current.filter(|&t| t != Tid::CLOCK);
        goes_on.or_else(|| threads().next()).unwrap_or(Tid::CLOCK)
    }
}
