//! The state behind all locks: holders, and a queue in which a writer stops later readers.
//!
//! What kinds of locks differ in is in the file of each (`lock_kind!`): their verbs, in which modes they are taken,
//! what of that commutes, whether waiting counts as sleeping, and whether a fatal signal ends it. A released lock is handed to the front of the queue, as the kernel's rwsem does. A lock lies in its object:
//! whoever touches it when the object is gone, and be it to release it, has used freed memory.

use crate::inject::{FaultPoint, strikes};
use crate::memory::{LockRule, Violation, check_live};
use crate::sync::point::{Access, point};
use crate::sync::thread::{Reason, Sleep, Tid, sleep, wake};
use crate::trace::{EventKind, ObjectRef, record};
use crate::world::{World, world};
use std::collections::VecDeque;
use std::fmt;

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Together with other readers.
    Read,
    /// Alone.
    Write,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Read => "read",
            Mode::Write => "write",
        })
    }
}

/// Whether waiting for it is sleeping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    /// A waiter sleeps.
    #[default]
    Sleeping,
    /// A waiter spins, and a holder must not sleep.
    Spinning,
}

/// A kind of lock, as the name of locks of the kind ([`lock_kind`]).
pub(crate) trait LockKind: Copy {
    /// Whether waiting for it is sleeping.
    const FAMILY: Family;

    /// The lock that has this name among all locks.
    fn named(id: LockId) -> Self;

    /// Its name among all locks.
    fn id(self) -> LockId;
}

/// The name of locks of a kind: what its type is called, whether waiting is sleeping, and what the kernel calls the
/// function that makes one.
macro_rules! lock_kind {
    ($(#[$doc:meta])* $kind:ident, $family:ident, $init:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $kind($crate::sync::lock::LockId);

        impl $kind {
            #[doc = concat!("`", $init, "`.")]
            pub fn new(class: &'static str) -> Self {
                $crate::world::world(|w| w.locks.add(class, $crate::trace::ObjectRef::NONE))
            }
        }

        impl $crate::sync::lock::LockKind for $kind {
            const FAMILY: $crate::sync::lock::Family = $crate::sync::lock::Family::$family;

            fn named(id: $crate::sync::lock::LockId) -> Self {
                $kind(id)
            }

            fn id(self) -> $crate::sync::lock::LockId {
                self.0
            }
        }
    };
}

pub(super) use lock_kind;

/// Names a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockId(u16);

/// A lock.
#[derive(Debug, Default)]
pub struct Lock {
    /// The name of the lock's class, such as `mmap_sem`.
    pub class: &'static str,
    /// The object that it belongs to.
    pub object: ObjectRef,
    family: Family,
    holders: Vec<Tid>,
    mode: Option<Mode>,
    queue: VecDeque<(Tid, Mode)>,
}

/// The locks of a run.
#[derive(Default)]
pub struct Locks {
    locks: Vec<Lock>,
    used: usize,
}

impl Locks {
    /// Forgets every lock, and keeps the storage for the next run.
    pub fn reset(&mut self) {
        let Locks { locks: _, used } = self;
        *used = 0;
    }

    /// A new lock of an object, which may be named later with [`Locks::own`].
    pub(crate) fn add<L: LockKind>(&mut self, class: &'static str, object: ObjectRef) -> L {
        if self.used == self.locks.len() {
            self.locks.push(Lock::default());
        }
        let lock = &mut self.locks[self.used];
        lock.holders.clear();
        lock.queue.clear();
        (lock.class, lock.family, lock.mode, lock.object) = (class, L::FAMILY, None, object);
        self.used += 1;
        L::named(LockId(self.used as u16 - 1))
    }

    /// Says which object the lock belongs to.
    pub(crate) fn own(&mut self, lock: impl LockKind, object: ObjectRef) {
        self.get(lock.id()).object = object;
    }

    /// The lock.
    pub fn get(&mut self, lock: LockId) -> &mut Lock {
        &mut self.locks[usize::from(lock.0)]
    }

    fn family(&self, lock: LockId) -> Family {
        self.locks[usize::from(lock.0)].family
    }

    /// Whether a thread that asks for the lock now would wait although that can have no effect on others
    /// but to take the lock after its holders: neither does a writer stop later readers by it, nor is the
    /// thread one of the holders.
    pub fn only_waits(&self, object: ObjectRef, class: &str, mode: Mode, thread: Tid) -> bool {
        let lock = self.locks[..self.used].iter().find(|l| l.object == object && l.class == class);
        lock.is_some_and(|lock| {
            let stops_readers = mode == Mode::Write && lock.mode == Some(Mode::Read);
            !lock.is_free_for(mode)
                && !lock.holders.contains(&thread)
                && (!stops_readers || !lock.queue.is_empty())
        })
    }

    /// The threads that hold the lock.
    pub fn holders(&self, lock: LockId) -> &[Tid] {
        &self.locks[usize::from(lock.0)].holders
    }
}

impl Lock {
    fn is_free_for(&self, mode: Mode) -> bool {
        self.queue.is_empty() && self.admits(mode)
    }

    fn admits(&self, mode: Mode) -> bool {
        self.holders.is_empty() || (self.mode == Some(Mode::Read) && mode == Mode::Read)
    }

    fn take(&mut self, thread: Tid, mode: Mode) {
        self.holders.push(thread);
        self.mode = Some(mode);
    }

    /// Hands the lock to the front of the queue, if it may have it.
    fn hand_over(&mut self) -> Option<(Tid, Mode)> {
        let &(thread, mode) = self.queue.front().filter(|waiter| self.admits(waiter.1))?;
        self.queue.pop_front();
        self.take(thread, mode);
        Some((thread, mode))
    }
}

fn noun(lock: LockId) -> (ObjectRef, &'static str) {
    world(|w| {
        let lock = w.locks.get(lock);
        (lock.object, lock.class)
    })
}

/// Acquires the lock. `Err` if a fatal signal arrived first, which only a killable wait notices.
pub(super) fn acquire(
    lock: LockId,
    mode: Mode,
    verb: &'static str,
    killable: bool,
) -> Result<(), Killed> {
    let (object, class) = noun(lock);
    point(object, Access::lock(mode), verb, class);
    take(lock, mode, killable).map(|_| ())
}

/// Acquires the lock, as was announced: whether it was free at once.
fn take(lock: LockId, mode: Mode, killable: bool) -> Result<bool, Killed> {
    let (object, class) = noun(lock);
    check_live(object);
    match world(|w| attempt(w, lock, mode, object)) {
        Attempt::Taken => return Ok(true),
        Attempt::Queued => wait(lock, mode, object, class, killable)?,
        Attempt::Misuse(rule) => misuse(object, rule),
    }
    record(object, EventKind::Acquire { mode, trylock: false });
    Ok(false)
}

/// What became of an attempt to acquire a lock.
enum Attempt {
    Taken,
    Queued,
    Misuse(LockRule),
}

fn attempt(w: &mut World, lock: LockId, mode: Mode, object: ObjectRef) -> Attempt {
    if let Some(rule) = broken_rule(w, lock) {
        return Attempt::Misuse(rule);
    }
    if !take_or_queue(w, lock, mode) {
        return Attempt::Queued;
    }
    w.record(object, EventKind::Acquire { mode, trylock: false });
    Attempt::Taken
}

/// A fatal signal ended a killable wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed;

fn take_or_queue(w: &mut World, lock: LockId, mode: Mode) -> bool {
    let me = w.running_tid();
    let taken = try_take(w, lock, mode);
    if !taken {
        let lock = w.locks.get(lock);
        lock.queue.push_back((me, mode));
        w.footprint.touch(lock.object, lock.class, Access::lock(mode));
    }
    taken
}

fn wait(
    lock: LockId,
    mode: Mode,
    object: ObjectRef,
    noun: &'static str,
    killable: bool,
) -> Result<(), Killed> {
    let reason = Reason::Lock(lock, mode);
    let me = world(|w| w.running_tid());
    loop {
        if killable && crate::task::fatal_signal_pending() {
            give_up(lock, me);
            return Err(Killed);
        }
        sleep(Sleep { reason, object, noun, killable, idle: false });
        check_live(object);
        let waits = world(|w| {
            w.footprint.touch(object, noun, Access::Read);
            w.locks.get(lock).queue.iter().any(|waiter| waiter.0 == me)
        });
        if !waits {
            return Ok(());
        }
    }
}

fn give_up(lock: LockId, me: Tid) {
    world(|w| {
        let (object, class) = (w.locks.get(lock).object, w.locks.get(lock).class);
        w.footprint.touch(object, class, Access::Update);
        w.locks.get(lock).queue.retain(|waiter| waiter.0 != me);
    });
    grant(lock);
}

/// The rule that the running thread breaks if it acquires the lock.
fn broken_rule(w: &mut World, lock: LockId) -> Option<LockRule> {
    let recursive = w.running().held.iter().any(|&(other, _)| other == lock);
    let spinning = w.locks.get(lock).family == Family::Spinning;
    match (recursive, spinning) {
        (true, _) => Some(LockRule::Recursive),
        (false, true) => None,
        (false, false) => is_atomic(w).then_some(LockRule::SleepInAtomic),
    }
}

/// Whether the running thread holds a spinlock.
fn is_atomic(w: &World) -> bool {
    let held = &w.threads[w.running_tid().index()].held;
    held.iter().any(|&(lock, _)| w.locks.family(lock) == Family::Spinning)
}

/// Reports the misuse of a lock.
pub(super) fn misuse(object: ObjectRef, rule: LockRule) -> ! {
    let used = world(|w| w.here());
    crate::memory::report(Violation::Lock { object, rule, used })
}

/// Acquires the lock if it is free at once.
pub(super) fn try_acquire(lock: LockId, mode: Mode, verb: &'static str) -> bool {
    let (object, class) = noun(lock);
    point(object, Access::try_lock(mode), verb, class);
    check_live(object);
    let injected = strikes(FaultPoint::TRYLOCK);
    let taken = !injected && world(|w| try_take(w, lock, mode));
    let access = if taken { Access::try_lock(mode) } else { Access::TryFailed };
    world(|w| w.footprint.touch(object, class, access));
    let kind = if taken {
        EventKind::Acquire { mode, trylock: true }
    } else {
        EventKind::TryFailed { mode }
    };
    record(object, kind);
    taken
}

fn try_take(w: &mut World, lock: LockId, mode: Mode) -> bool {
    let me = w.running_tid();
    let state = w.locks.get(lock);
    if !state.is_free_for(mode) {
        return false;
    }
    state.take(me, mode);
    w.running().held.push((lock, mode));
    true
}

/// Releases the lock.
pub(super) fn release(lock: LockId, verb: &'static str) {
    let (object, class) = noun(lock);
    let held = world(|w| w.running().held.iter().rev().find(|held| held.0 == lock).copied());
    let Some((_, mode)) = held else { misuse(object, LockRule::ReleaseNotHeld) };
    point(object, Access::unlock(mode), verb, class);
    check_live(object);
    let_go(lock, mode);
}

/// Acquires the lock for writing for a section without a scheduling point, and releases it in the same step.
pub(super) fn exclusively<R>(lock: LockId, verb: &'static str, section: impl FnOnce() -> R) -> R {
    let (object, class) = noun(lock);
    point(object, Access::LockOnce, verb, class);
    let at_once = take(lock, Mode::Write, false) == Ok(true);
    // Who had to wait has the whole section in the step in which it goes on.
    let access = if at_once { Access::Section } else { Access::LockWrite };
    world(|w| w.footprint.touch(object, class, access));
    let result = section();
    let_go(lock, Mode::Write);
    result
}

/// Releases the lock, which the running thread holds, in the step at hand.
fn let_go(lock: LockId, mode: Mode) {
    let awaited = world(|w| {
        let me = w.running_tid();
        w.running().held.retain(|held| held.0 != lock);
        let state = w.locks.get(lock);
        state.holders.retain(|holder| *holder != me);
        let (object, class, awaited) = (state.object, state.class, !state.queue.is_empty());
        w.record(object, EventKind::Release { mode });
        if awaited {
            // Of several readers that release it, the last hands it over.
            w.footprint.touch(object, class, Access::Update);
        }
        awaited
    });
    if awaited {
        grant(lock);
    }
}

/// Hands the lock to the front of the queue, and further readers behind a reader.
fn grant(lock: LockId) {
    while let Some(thread) = world(|w| hand_over(w, lock)) {
        wake(thread);
    }
}

fn hand_over(w: &mut World, lock: LockId) -> Option<Tid> {
    let (thread, mode) = w.locks.get(lock).hand_over()?;
    w.threads[thread.index()].held.push((lock, mode));
    Some(thread)
}

/// `might_sleep`: checks that the running thread may do so, for what does not each time.
pub(crate) fn might_sleep(object: ObjectRef) {
    if world(|w| is_atomic(w)) {
        misuse(object, LockRule::SleepInAtomic);
    }
}

/// Checks that the running thread holds no lock.
pub fn held_at_exit() {
    let held = world(|w| w.running().held.first().copied());
    if let Some((lock, _)) = held {
        let object = noun(lock).0;
        misuse(object, LockRule::HeldAtExit);
    }
}
