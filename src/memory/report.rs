//! What the checks of the model itself can find: facts about objects, without judgement.
//!
//! A violation ends the run at once, because nothing after it would mean anything. Which oracle it
//! belongs to, and what it is called, is decided outside of this crate.

use super::oops::Oops;
use crate::sync::point::halt;
use crate::sync::thread::Tid;
use crate::trace::{Actor, EventKind, ObjectRef, Site, record};
use crate::world::world;

/// A moment of a run: who was where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The thread.
    pub thread: Tid,
    /// Who acted.
    pub actor: Actor,
    /// The operation.
    pub site: Site,
    /// The index of the next event of the log.
    pub event: u32,
}

/// A broken invariant of memory or locking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An object was accessed after it had been freed.
    UseAfterFree {
        /// The object.
        object: ObjectRef,
        /// Where it was allocated.
        allocated: Place,
        /// Where it was freed.
        freed: Place,
        /// Where it was used.
        used: Place,
    },
    /// An object was freed twice.
    DoubleFree {
        /// The object.
        object: ObjectRef,
        /// Where it was allocated.
        allocated: Place,
        /// Where it was freed first.
        freed: Place,
        /// Where it was freed again.
        again: Place,
    },
    /// A page-table entry that a walker relied on was cleared before the walker took its lock.
    EntryVanished {
        /// The table that holds the entry.
        object: ObjectRef,
        /// Where the entry was cleared.
        cleared: Place,
        /// Where it was used.
        used: Place,
    },
    /// A counter went below zero.
    Underflow {
        /// The object that holds the counter.
        object: ObjectRef,
        /// Where.
        used: Place,
    },
    /// A reference was taken when there was none left, so that nothing keeps the object.
    TakenFromZero {
        /// The object that holds the counter.
        object: ObjectRef,
        /// Where.
        used: Place,
    },
    /// A page frame was freed while a page table still maps it.
    FreedWhileMapped {
        /// The frame.
        object: ObjectRef,
        /// Where it was mapped.
        mapped: Place,
        /// Where it was freed.
        freed: Place,
    },
    /// A page frame was freed while a TLB still translates to it.
    StaleTranslation {
        /// The frame.
        object: ObjectRef,
        /// Where the translation was cached.
        cached: Place,
        /// Where the frame was unmapped without a flush.
        unmapped: Place,
        /// Where the frame was freed.
        freed: Place,
    },
    /// The kernel could not go on.
    Oops {
        /// The object that it was working on.
        object: ObjectRef,
        /// What it ran into.
        oops: Oops,
        /// Where.
        used: Place,
    },
    /// The kernel found what it says must never be: its `BUG_ON` is the place.
    Bug {
        /// The object that it is about.
        object: ObjectRef,
        /// Where.
        used: Place,
    },
    /// A page frame was freed while a secondary MMU still maps it.
    Shadowed {
        /// The frame.
        object: ObjectRef,
        /// Where the secondary MMU mapped it.
        mapped: Place,
        /// Where the frame was unmapped without a word to the secondary MMU.
        unmapped: Place,
        /// Where the frame was freed.
        freed: Place,
    },
    /// A lock was misused.
    Lock {
        /// The object that the lock belongs to.
        object: ObjectRef,
        /// The rule that was broken.
        rule: LockRule,
        /// Where.
        used: Place,
    },
}

/// Rules for locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRule {
    /// Only the holder releases a lock.
    ReleaseNotHeld,
    /// Nobody takes a lock twice.
    Recursive,
    /// Nobody sleeps while holding a spinlock.
    SleepInAtomic,
    /// Nobody exits, or ends an item of work, while holding a lock.
    HeldAtExit,
}

impl LockRule {
    /// The rule's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            LockRule::ReleaseNotHeld => "release_not_held",
            LockRule::Recursive => "recursive",
            LockRule::SleepInAtomic => "sleep_in_atomic",
            LockRule::HeldAtExit => "held_at_exit",
        }
    }
}

impl Violation {
    /// The object that suffered.
    pub fn object(&self) -> ObjectRef {
        match *self {
            Violation::UseAfterFree { object, .. }
            | Violation::DoubleFree { object, .. }
            | Violation::EntryVanished { object, .. }
            | Violation::Underflow { object, .. }
            | Violation::TakenFromZero { object, .. }
            | Violation::FreedWhileMapped { object, .. }
            | Violation::StaleTranslation { object, .. }
            | Violation::Oops { object, .. }
            | Violation::Bug { object, .. }
            | Violation::Shadowed { object, .. }
            | Violation::Lock { object, .. } => object,
        }
    }
}

/// Records the violation and ends the run.
pub fn report(violation: Violation) -> ! {
    record(violation.object(), EventKind::Violation);
    world(|w| w.violation = Some(violation));
    halt()
}
