//! `rw_semaphore`: readers share, a queued writer stops later readers, a trylock never waits.

use crate::sync::lock::{Killed, Mode, acquire, lock_kind, release, try_acquire};
use crate::sync::point::Access;
use crate::sync::primitive::Primitive;

/// Whatever readers do among themselves commutes, for they share it. One that hands the lock over to a writer who waits
/// touches it once more. Who tries in vain changes nothing.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "rwsem",
    accesses: &[
        Access::LockRead,
        Access::TryLockRead,
        Access::UnlockRead,
        Access::LockWrite,
        Access::TryLockWrite,
        Access::TryFailed,
        Access::UnlockWrite,
        Access::Read,
        Access::Update,
    ],
    commute: &[(SHARE, SHARE), (&[Access::TryFailed], &[Access::TryFailed, Access::Read])],
    agree: &VERBS,
    killable: &[DOWN_WRITE_KILLABLE],
};

const SHARE: &[Access] = &[Access::Read, Access::LockRead, Access::TryLockRead, Access::UnlockRead];

lock_kind! {
    /// A reader/writer semaphore.
    RwSem, Sleeping, "init_rwsem"
}

const DOWN_READ: &str = "down_read";
const DOWN_READ_TRYLOCK: &str = "down_read_trylock";
const DOWN_WRITE: &str = "down_write";
const DOWN_WRITE_KILLABLE: &str = "down_write_killable";
const DOWN_WRITE_TRYLOCK: &str = "down_write_trylock";

/// The verbs of those who want one.
const VERBS: [&str; 5] =
    [DOWN_READ, DOWN_READ_TRYLOCK, DOWN_WRITE, DOWN_WRITE_KILLABLE, DOWN_WRITE_TRYLOCK];

/// `down_read`.
pub fn down_read(sem: RwSem) {
    let _never_killed = acquire(sem.0, Mode::Read, DOWN_READ, false);
}

/// `down_read_trylock`.
pub fn down_read_trylock(sem: RwSem) -> bool {
    try_acquire(sem.0, Mode::Read, DOWN_READ_TRYLOCK)
}

/// `up_read`.
pub fn up_read(sem: RwSem) {
    release(sem.0, "up_read");
}

/// `down_write`.
pub fn down_write(sem: RwSem) {
    let _never_killed = acquire(sem.0, Mode::Write, DOWN_WRITE, false);
}

/// `down_write_killable`: [`Killed`] if a fatal signal arrived before the lock.
pub fn down_write_killable(sem: RwSem) -> Result<(), Killed> {
    acquire(sem.0, Mode::Write, DOWN_WRITE_KILLABLE, true)
}

/// `down_write_trylock`.
pub fn down_write_trylock(sem: RwSem) -> bool {
    try_acquire(sem.0, Mode::Write, DOWN_WRITE_TRYLOCK)
}

/// `up_write`.
pub fn up_write(sem: RwSem) {
    release(sem.0, "up_write");
}
