//! `rw_semaphore`: readers share, a queued writer stops later readers, a trylock never waits.

use crate::sync::lock::{Family, Killed, LockId, Mode, acquire, release, try_acquire};
use crate::world::world;

/// A reader/writer semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RwSem(pub(crate) LockId);

impl RwSem {
    /// `init_rwsem`.
    pub fn new(class: &'static str) -> Self {
        RwSem(world(|w| w.locks.add(class, Family::Sleeping)))
    }
}

/// `down_read`.
pub fn down_read(sem: RwSem) {
    let _never_killed = acquire(sem.0, Mode::Read, "down_read", false);
}

/// `down_read_trylock`.
pub fn down_read_trylock(sem: RwSem) -> bool {
    try_acquire(sem.0, Mode::Read, "down_read_trylock")
}

/// `up_read`.
pub fn up_read(sem: RwSem) {
    release(sem.0, "up_read");
}

/// `down_write`.
pub fn down_write(sem: RwSem) {
    let _never_killed = acquire(sem.0, Mode::Write, "down_write", false);
}

/// `down_write_killable`: [`Killed`] if a fatal signal arrived before the lock.
pub fn down_write_killable(sem: RwSem) -> Result<(), Killed> {
    acquire(sem.0, Mode::Write, "down_write_killable", true)
}

/// `down_write_trylock`.
pub fn down_write_trylock(sem: RwSem) -> bool {
    try_acquire(sem.0, Mode::Write, "down_write_trylock")
}

/// `up_write`.
pub fn up_write(sem: RwSem) {
    release(sem.0, "up_write");
}
