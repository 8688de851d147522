//! `rw_semaphore`: readers share, a queued writer stops later readers, a trylock never waits.

use crate::sync::lock::{Family, Killed, LockId, Mode, acquire, release, try_acquire};
use crate::sync::point::Access;
use crate::sync::primitive::Primitive;
use crate::world::world;

/// Whatever readers do among themselves commutes, for they share it. One that hands the lock over to a writer who waits
/// touches it once more.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "rwsem",
    accesses: &[
        Access::LockRead,
        Access::TryLockRead,
        Access::UnlockRead,
        Access::LockWrite,
        Access::TryLockWrite,
        Access::UnlockWrite,
        Access::Read,
        Access::Update,
    ],
    commute: &[(SHARE, SHARE)],
};

const SHARE: &[Access] = &[Access::Read, Access::LockRead, Access::TryLockRead, Access::UnlockRead];

/// A reader/writer semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RwSem(pub(crate) LockId);

impl RwSem {
    /// `init_rwsem`.
    pub fn new(class: &'static str) -> Self {
        RwSem(world(|w| w.locks.add(class, Family::Sleeping)))
    }
}

const DOWN_READ: &str = "down_read";
const DOWN_READ_TRYLOCK: &str = "down_read_trylock";
const DOWN_WRITE: &str = "down_write";
const DOWN_WRITE_KILLABLE: &str = "down_write_killable";
const DOWN_WRITE_TRYLOCK: &str = "down_write_trylock";

/// The verbs of those who want one, in traces.
pub const VERBS: [&str; 5] =
    [DOWN_READ, DOWN_READ_TRYLOCK, DOWN_WRITE, DOWN_WRITE_KILLABLE, DOWN_WRITE_TRYLOCK];

/// Whether a fatal signal ends the wait of a verb.
pub fn is_killable(verb: &str) -> bool {
    verb == DOWN_WRITE_KILLABLE
}

fn down(sem: RwSem, mode: Mode, verb: &'static str) -> Result<(), Killed> {
    acquire(sem.0, mode, verb, is_killable(verb))
}

/// `down_read`.
pub fn down_read(sem: RwSem) {
    let _never_killed = down(sem, Mode::Read, DOWN_READ);
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
    let _never_killed = down(sem, Mode::Write, DOWN_WRITE);
}

/// `down_write_killable`: [`Killed`] if a fatal signal arrived before the lock.
pub fn down_write_killable(sem: RwSem) -> Result<(), Killed> {
    down(sem, Mode::Write, DOWN_WRITE_KILLABLE)
}

/// `down_write_trylock`.
pub fn down_write_trylock(sem: RwSem) -> bool {
    try_acquire(sem.0, Mode::Write, DOWN_WRITE_TRYLOCK)
}

/// `up_write`.
pub fn up_write(sem: RwSem) {
    release(sem.0, "up_write");
}
