//! Which operations of different threads are in conflict: whether their order can matter. The one place where
//! that is decided; schedulers ask it about what is announced, proofs about what was done.
//!
//! Two touches are in conflict if they are of the same thing of one object, or if one of them frees the
//! object, and they do not commute. What commutes, and why:
//!
//! * Reads.
//! * Changes that do not look ([`Access::Add`]): `atomic_inc`, a frame given back, a timer set. Whoever looks
//!   (`atomic_dec_and_test`, `atomic_inc_not_zero`) is in conflict with them, and who sets a flag looks,
//!   because oracles ask who was the first.
//! * References that are dropped, except the last, whose dropper has the object to itself.
//! * Threads that look whether they have to wait. A wake-up is in conflict with each, for it may find nobody
//!   there yet.
//! * Whatever readers do to a lock among themselves, for they share it. A reader that hands the lock over
//!   to somebody who waits touches it once more.
//! * Different bits of one flag word, different counters and fields of one object: each has its own noun.
//!
//! What a thread does under a lock needs no operation of its own: whoever holds the lock next comes after
//! the release. Nothing relies on it being so: unannounced touches are recorded and compared, too. So are those
//! of events whose order is judged (`judged` in [`mmreap::trace`]).

use mmreap::sync::footprint::Touch;
use mmreap::sync::lock::Mode;
use mmreap::sync::point::{Access, Left, Op};

/// Whether two announced operations of different threads are in conflict.
pub fn ops_conflict(a: &Op, b: &Op) -> bool {
    a.object == b.object
        && accesses_conflict(a.access, b.access, same(a.site.noun(), b.site.noun()))
}

/// Whether two touches by different threads are in conflict.
pub fn conflict(a: &Touch, b: &Touch) -> bool {
    a.object == b.object && accesses_conflict(a.access, b.access, same(a.noun, b.noun))
}

fn accesses_conflict(a: Access, b: Access, same_noun: bool) -> bool {
    a == Access::Free || b == Access::Free || same_noun && !commute(a, b)
}

/// Equality of names, which are mostly the same constant if they are equal.
pub fn same(a: &'static str, b: &'static str) -> bool {
    std::ptr::eq(a, b) || a == b
}

fn commute(a: Access, b: Access) -> bool {
    match (a, b) {
        (Access::Start, _) | (_, Access::Start) => true,
        (Access::Add, Access::Add) | (Access::Await, Access::Await) => true,
        (Access::Put(a), Access::Put(b)) => leaves_some(a) && leaves_some(b),
        _ => only_reads(a) && only_reads(b),
    }
}

fn leaves_some(left: Left) -> bool {
    matches!(left, Left::Some | Left::One)
}

/// Whether a touch that was made may change what another one would be: the two are in conflict, or the
/// first left one reference, so that the second would drop the last.
pub fn disturbs(made: &Touch, other: &Touch) -> bool {
    let one_left = made.access == Access::Put(Left::One) && matches!(other.access, Access::Put(_));
    conflict(made, other)
        || (one_left && made.object == other.object && same(made.noun, other.noun))
}

/// Whether an access leaves what it touches as it was.
#[inline]
pub fn only_reads(access: Access) -> bool {
    // Without short cuts: which of them it is could not be predicted.
    (access == Access::Read)
        | (access == Access::Lock(Mode::Read))
        | (access == Access::TryLock(Mode::Read))
        | (access == Access::Unlock(Mode::Read))
}

/// Whether the second access, in conflict with the first, had to wait for it: a thread acquires a lock that
/// was released for writing. The order of these two cannot be turned round, only that of the two
/// acquisitions. A writer that waits for readers is not meant: it stops later ones, which they can see.
pub fn never_co_enabled(first: Access, second: Access) -> bool {
    matches!((first, second), (Access::Unlock(Mode::Write), Access::Lock(_)))
}
