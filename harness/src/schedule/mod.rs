//! Schedules: who runs when.
//!
//! One file per algorithm. All decide from the announced next operations, and all chance comes from
//! ChaCha8 streams keyed by the seed and the thread, so that the choices of one thread stay what they
//! are when another thread's are taken away. [`follow`] puts the segments of a case, which name what is
//! fixed, before the strategy that decides the rest.

pub mod follow;
pub mod in_order;
pub mod pct;
pub mod pos;
pub mod random;

use crate::case::Strategy;
use mmreap::sync::engine::Choose;
use mmreap::sync::lock::Mode;
use mmreap::sync::point::{Access, Op};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The strategy as a scheduler, for one run.
pub fn strategy(strategy: Strategy) -> Box<dyn Choose> {
    match strategy {
        Strategy::InOrder => Box::new(in_order::InOrder),
        Strategy::Random { seed } => Box::new(random::Random::new(seed)),
        Strategy::Pct { seed, depth } => Box::new(pct::Pct::new(seed, depth)),
        Strategy::Pos { seed } => Box::new(pos::Pos::new(seed)),
    }
}

/// A number of the sequence that a seed begins: the seeds of further runs of one case.
pub fn derive_seed(seed: u64, run: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(run);
    rng.next_u64()
}

/// The stream of one thread.
fn stream(seed: u64, thread: Tid) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(thread.0));
    rng
}

/// Whether the order of two operations of different threads can matter: they touch the same thing of the
/// same object, and do not both only read.
pub fn conflict(a: &Op, b: &Op) -> bool {
    a.object == b.object && same(a.site.noun, b.site.noun) && !(only_reads(a) && only_reads(b))
}

/// Equality of names, which are mostly the same constant if they are equal.
fn same(a: &'static str, b: &'static str) -> bool {
    std::ptr::eq(a, b) || a == b
}

/// Whether an operation leaves what it touches as it is.
pub fn only_reads(op: &Op) -> bool {
    matches!(
        op.access,
        Access::Read
            | Access::Lock(Mode::Read)
            | Access::TryLock(Mode::Read)
            | Access::Unlock(Mode::Read)
    )
}
