//! `spinlock_t`: one holder, who must not sleep.

use crate::sync::lock::{Mode, acquire, lock_kind, release};
use crate::sync::point::Access;
use crate::sync::primitive::Primitive;

/// Of those who want it one is the first; who waits only looks whether the lock is its own.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "spinlock",
    accesses: &[Access::LockWrite, Access::UnlockWrite, Access::Read, Access::Update],
    commute: &[(&[Access::Read], &[Access::Read])],
    ..Primitive::BARE
};

lock_kind! {
    /// A spinlock.
    SpinLock, Spinning, "spin_lock_init"
}

/// `spin_lock`.
pub fn spin_lock(lock: SpinLock) {
    let _never_killed = acquire(lock.0, Mode::Write, "spin_lock", false);
}

/// `spin_unlock`.
pub fn spin_unlock(lock: SpinLock) {
    release(lock.0, "spin_unlock");
}
