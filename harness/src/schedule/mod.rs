//! Schedules: who runs when.
//!
//! One file per algorithm. All decide from the announced next operations, and all chance comes from
//! ChaCha8 streams keyed by the seed and, where the algorithm allows it, by the name of the thread, so
//! that the choices of one thread stay what they are when another is taken away. [`follow`] puts the
//! segments of a case, which name what is fixed, before the strategy that decides the rest; [`pilot`]
//! says what to expect of a run; [`portfolio`] deals the runs of a campaign out to the strategies.

pub(crate) mod chance;
mod conflict;
pub mod few;
pub mod follow;
pub mod in_order;
pub mod pct;
pub mod pilot;
pub mod portfolio;
pub mod pos;
pub mod preemption;
pub mod random;
pub mod segments;
pub mod sticky;
pub mod stock;
pub mod surw;
pub mod watch;

pub use conflict::{conflict, disturbs, never_co_enabled, only_reads, ops_conflict};

use crate::case::Strategy;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use pilot::Estimates;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::rc::Rc;

/// The strategy as a scheduler, for one run. What it wants to know of the [`pilot`]'s run it asks for.
pub fn strategy(strategy: Strategy, pilot: impl FnOnce() -> Rc<Estimates>) -> Box<dyn Choose> {
    match strategy {
        Strategy::InOrder => Box::new(in_order::InOrder),
        Strategy::Random { seed } => Box::new(random::Random::new(seed)),
        Strategy::Sticky { seed } => Box::new(sticky::Sticky::new(seed)),
        Strategy::Pct { seed, depth } => Box::new(pct::Pct::new(seed, depth, pilot().decisions)),
        Strategy::Pos { seed } => Box::new(pos::Pos::new(seed)),
        Strategy::Burst { seed } => Box::new(pos::Pos::in_bursts(seed)),
        Strategy::Surw { seed } => Box::new(surw::Surw::new(seed, &pilot())),
    }
}

/// A scheduler that is looked at again after the run.
pub struct Shared<C>(pub Rc<RefCell<C>>);

impl<C: Choose> Choose for Shared<C> {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.0.borrow_mut().choose(candidates, current)
    }
}

/// A number of the sequence that a seed begins: the seeds of further runs of one case.
pub fn derive_seed(seed: u64, run: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(run);
    rng.next_u64()
}
