//! `rwlock_t`: readers share, a queued writer stops later readers, and nobody who holds it may sleep.
//!
//! The machine has one, `tasklist_lock`. What is done with it held for writing takes no operation that others
//! could come between, so a write section is one step; what is done with it held for reading may.

use crate::sync::lock::{Mode, acquire, exclusively, lock_kind, release};
use crate::sync::point::Access;
use crate::sync::primitive::Primitive;

/// Whatever readers do among themselves commutes, for they share it. One that hands the lock over to a writer who waits
/// touches it once more. Write sections leave the lock as it was; what they do in between they touch by themselves.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "rwlock",
    accesses: &[
        Access::LockRead,
        Access::LockWrite,
        Access::LockOnce,
        Access::Section,
        Access::UnlockRead,
        Access::Read,
        Access::Update,
    ],
    commute: &[(SHARE, SHARE), (&[Access::Section], &[Access::Section])],
    ..Primitive::BARE
};

const SHARE: &[Access] = &[Access::Read, Access::LockRead, Access::UnlockRead];

lock_kind! {
    /// A spinning reader/writer lock.
    RwLock, Spinning, "rwlock_init"
}

/// `read_lock`.
pub fn read_lock(lock: RwLock) {
    let _never_killed = acquire(lock.0, Mode::Read, "read_lock", false);
}

/// `read_unlock`.
pub fn read_unlock(lock: RwLock) {
    release(lock.0, "read_unlock");
}

/// `write_lock`, a section without a scheduling point, and `write_unlock`, in one step.
pub fn write_section<R>(lock: RwLock, section: impl FnOnce() -> R) -> R {
    exclusively(lock.0, "write_lock", section)
}
