//! Points: where a thread announces its next operation and the scheduler chooses who runs.

use crate::sync::engine;
use crate::sync::lock::Mode;
use crate::sync::thread::{Tid, unwind};
use crate::trace::{ObjectRef, Site};
use crate::world::{End, world};

/// How an operation touches its object. Two operations on one object and noun are in conflict unless
/// [they commute](crate::sync::primitive).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// The thread has not begun.
    #[default]
    Start,
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Reads and writes in one step.
    Update,
    /// Changes it in one step without looking.
    Add,
    /// Drops a reference, and looks whether it was the last; how many are left is not known yet. Who takes a frame does
    /// so with those that everybody may have.
    Put,
    /// Has dropped a reference, and left two or more.
    PutSome,
    /// Has dropped a reference, and left one: the next to drop its own is the last.
    PutOne,
    /// Has dropped the last reference.
    PutLast,
    /// Looks whether a condition holds, and goes to sleep if not. Who sleeps has touched the condition's noun
    /// besides.
    Await,
    /// Frees the object.
    Free,
    /// Acquires a lock for reading, and may have to wait for it.
    LockRead,
    /// Acquires a lock for writing, and may have to wait for it.
    LockWrite,
    /// Acquires a lock for writing, and releases it in the same step; whether it has to wait is not known yet.
    LockOnce,
    /// Has acquired a lock for writing and released it in one step, without waiting.
    Section,
    /// Acquires a lock for reading, if it is free for that.
    TryLockRead,
    /// Acquires a lock for writing, if nobody holds it.
    TryLockWrite,
    /// Has found that it could not acquire a lock at once.
    TryFailed,
    /// Releases a lock that was held for reading.
    UnlockRead,
    /// Releases a lock that was held for writing.
    UnlockWrite,
    /// Fires the next timer.
    Tick,
}

impl Access {
    /// How many there are.
    pub(crate) const COUNT: usize = Access::Tick as usize + 1;

    /// What has dropped a reference is, by how many it left.
    pub(crate) const fn put(left: i32) -> Self {
        match left {
            ..=0 => Access::PutLast,
            1 => Access::PutOne,
            _ => Access::PutSome,
        }
    }

    /// Whether it drops a reference.
    pub const fn is_put(self) -> bool {
        matches!(self, Access::Put | Access::PutSome | Access::PutOne | Access::PutLast)
    }

    pub(crate) const fn lock(mode: Mode) -> Self {
        match mode {
            Mode::Read => Access::LockRead,
            Mode::Write => Access::LockWrite,
        }
    }

    pub(crate) const fn try_lock(mode: Mode) -> Self {
        match mode {
            Mode::Read => Access::TryLockRead,
            Mode::Write => Access::TryLockWrite,
        }
    }

    pub(crate) const fn unlock(mode: Mode) -> Self {
        match mode {
            Mode::Read => Access::UnlockRead,
            Mode::Write => Access::UnlockWrite,
        }
    }

    /// Whether it is what is announced, and what is done is known only when it is done.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Access::Start
                | Access::Put
                | Access::Await
                | Access::LockOnce
                | Access::TryLockRead
                | Access::TryLockWrite
        )
    }

    /// How it acquires a lock for which it may have to wait; `None` if it does not.
    pub const fn locks(self) -> Option<Mode> {
        match self {
            Access::LockRead => Some(Mode::Read),
            Access::LockWrite | Access::LockOnce | Access::Section => Some(Mode::Write),
            _ => None,
        }
    }
}

/// An announced operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Op {
    /// The object it touches.
    pub object: ObjectRef,
    /// How.
    pub access: Access,
    /// Where.
    pub site: Site,
}

/// Scheduling points that the protocol does not have, for whoever wants to know which schedules survive a
/// change of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtraPoints {
    /// None: what every run has unless somebody asks.
    #[default]
    None,
    /// Every operation is announced twice before it happens.
    Repeated,
    /// Before every operation there is another one that does nothing, `FUNCTION/cond_resched`.
    Inserted,
}

/// Announces the running thread's next operation, and lets the scheduler choose.
pub fn point(object: ObjectRef, access: Access, verb: &'static str, noun: &'static str) {
    let (phase, running, extra) = world(|w| {
        w.at(verb, noun);
        let phase = w.phase();
        if phase == Phase::Running {
            w.running().operations += 1;
            w.announce(object, access);
        }
        (phase, w.running_tid(), w.extra_points)
    });
    match phase {
        Phase::Booting => {}
        Phase::Running => {
            if extra != ExtraPoints::None {
                extra_point(running, extra);
            }
            offer(running);
        }
        Phase::OverLimit => stop(End::StepLimit),
        Phase::Stopping => unwind(),
    }
}

/// Lets the scheduler choose once more than the protocol does, before the operation that is announced.
#[cold]
fn extra_point(running: Tid, extra: ExtraPoints) {
    let announced = world(|w| {
        let (operation, op) = (w.running().operation, w.announced());
        if extra == ExtraPoints::Inserted {
            w.at("cond_resched", "");
            w.announce(ObjectRef::NONE, Access::Read);
        }
        (operation, op)
    });
    offer(running);
    world(|w| {
        w.running().operation = announced.0;
        w.announce(announced.1.object, announced.1.access);
    });
}

/// Lets the scheduler choose, and leaves if the run is over by then.
fn offer(running: Tid) {
    if engine::switch(running) {
        leave_if_stopping();
    }
}

/// Where a run is when a thread reaches a point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The machine boots: no other thread exists.
    Booting,
    /// Let the scheduler choose.
    Running,
    /// The run has used up its scheduling decisions.
    OverLimit,
    /// The run is over.
    Stopping,
}

/// Ends the running thread if the run is over.
pub(super) fn leave_if_stopping() {
    if world(|w| w.is_stopping()) {
        unwind();
    }
}

/// Ends the run, and with it the running thread.
pub fn stop(end: End) -> ! {
    end_run(end);
    unwind()
}

/// Ends the run because of a violation.
pub fn halt() -> ! {
    stop(End::Violation)
}

/// Ends the run: every thread wakes up, and leaves at its next point.
pub(super) fn end_run(end: End) {
    if !world(|w| w.stop(end)) {
        return;
    }
    let mut from = 0;
    while let Some(thread) = world(|w| w.next_unfinished(from)) {
        engine::unblock(thread);
        from = thread.index() + 1;
    }
}
