//! `mutex`: one holder, waiters sleep in order.

use crate::sync::lock::{Mode, acquire, lock_kind, release, try_acquire};
use crate::sync::point::Access;
use crate::sync::primitive::Primitive;

/// Of those who want it one is the first; who was woken only looks whether the mutex is its own, and who tries in vain
/// changes nothing.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "mutex",
    accesses: &[
        Access::LockWrite,
        Access::TryLockWrite,
        Access::TryFailed,
        Access::UnlockWrite,
        Access::Read,
        Access::Update,
    ],
    commute: &[(LOOK, LOOK)],
    ..Primitive::BARE
};

const LOOK: &[Access] = &[Access::Read, Access::TryFailed];

lock_kind! {
    /// A mutex.
    Mutex, Sleeping, "mutex_init"
}

/// `mutex_lock`.
pub fn mutex_lock(mutex: Mutex) {
    let _never_killed = acquire(mutex.0, Mode::Write, "mutex_lock", false);
}

/// `mutex_trylock`.
pub fn mutex_trylock(mutex: Mutex) -> bool {
    try_acquire(mutex.0, Mode::Write, "mutex_trylock")
}

/// `mutex_unlock`.
pub fn mutex_unlock(mutex: Mutex) {
    release(mutex.0, "mutex_unlock");
}
