//! Which operations of different threads are in conflict: whether their order can matter. The one place where
//! that is decided; schedulers ask it about what is announced, proofs about what was done.
//!
//! Two touches are in conflict if they are of the same thing of one object, or if one of them frees the
//! object, and they do not commute. What commutes each primitive of synchronisation declares beside its code
//! ([`mmreap::sync::primitive`]). Different bits of one flag word, different counters and fields of one object are
//! different things: each has its own noun.
//!
//! What a thread does under a lock needs no operation of its own: whoever holds the lock next comes after
//! the release. Nothing relies on it being so: unannounced touches are recorded and compared, too. So are those
//! of events whose order is judged (`judged` in [`mmreap::trace`]).

use mmreap::sync::footprint::Touch;
use mmreap::sync::point::{Access, Op};
use mmreap::sync::primitive::commute;

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

/// Whether a touch that was made may change what another one would be: the two are in conflict, or the
/// first left one reference, so that the second would drop the last.
pub fn disturbs(made: &Touch, other: &Touch) -> bool {
    let one_left = made.access == Access::PutOne && other.access.is_put();
    conflict(made, other)
        || (one_left && made.object == other.object && same(made.noun, other.noun))
}

/// Whether an access leaves what it touches as it was: whoever looks at it does not see whether it was before.
#[inline]
pub fn only_reads(access: Access) -> bool {
    access != Access::Start && commute(Access::Read, access)
}

/// Whether the second access, in conflict with the first, had to wait for it: a thread acquires a lock that
/// was released for writing. The order of these two cannot be turned round, only that of the two
/// acquisitions. A writer that waits for readers is not meant: it stops later ones, which they can see.
pub fn never_co_enabled(first: Access, second: Access) -> bool {
    first == Access::UnlockWrite && second.locks().is_some()
}
