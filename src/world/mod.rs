//! A run is a world: all objects of one run, pooled and reset, so that nothing leaks when a run is
//! cut short and a violation can be inspected afterwards.
//!
//! The engine gives the OS thread the world for as long as the run takes, and gives it back to whoever asked for
//! the run, to look at. All simulated threads of a run share it, one at a time: between two scheduling points the
//! running thread has it for itself. A closure that is given to [`world`] must not call anything that reaches a
//! scheduling point or the world again.

mod objects;
mod threads;

pub use objects::{Kind, World};
pub use threads::{STEP_LIMIT, Stuck};

use crate::memory::Place;
use crate::trace::names::Pair;
use crate::trace::{Event, EventKind, ObjectRef, Site, judged};
use std::cell::RefCell;

thread_local! {
    /// That of the run, or one in which nothing happens.
    static WORLD: RefCell<World> = RefCell::default();
}

/// Gives access to the world of the run that this OS thread is in.
pub fn world<R>(f: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(f)
}

/// The OS thread goes on in the other world, and the one that it was in becomes the other.
pub(crate) fn exchange(other: &mut World) {
    WORLD.with_borrow_mut(|world| std::mem::swap(world, other));
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing can happen any more.
    Quiescent,
    /// Only allocations that try again and again are left.
    Livelock,
    /// Nobody was left to kill.
    Panic,
    /// A violation was found.
    Violation,
    /// More than [`STEP_LIMIT`] scheduling decisions.
    StepLimit,
    /// The implementation itself panicked. The kernel's panic is [`End::Panic`].
    Broken,
}

impl World {
    /// This moment.
    pub fn here(&self) -> Place {
        let thread = &self.threads[self.running.index()];
        let (site, actor) = thread.doing();
        Place { thread: self.running, actor, site, event: self.log.len() as u32 }
    }

    /// Appends an event of the running thread. While the machine boots, only what has an effect counts:
    /// nobody is there to race with.
    pub fn record(&mut self, object: ObjectRef, kind: EventKind) {
        if self.booting && is_routine(kind) {
            return;
        }
        let thread = &self.threads[self.running.index()];
        let enters = matches!(kind, EventKind::Enter);
        let (call, actor) = thread.call();
        let operation = if enters { Pair::EMPTY } else { thread.operation };
        let site = Site::at(call, operation);
        let event = Event {
            thread: self.running,
            depth: thread.calls.len() as u8,
            actor,
            jiffies: self.clock.jiffies,
            step: self.step,
            site,
            object,
            kind,
        };
        self.log.push(event);
        if self.footprint.recording {
            judged::touch(&event, &mut self.footprint);
        }
    }

    /// Whether an event from this index on counts as progress.
    pub(crate) fn made_progress(&self, since: usize) -> bool {
        self.log[since..].iter().any(|event| event.kind.is_progress())
    }
}

/// Whether an event leaves everything as it was in the end.
fn is_routine(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Enter
            | EventKind::Read
            | EventKind::Write
            | EventKind::TestFlag { .. }
            | EventKind::Acquire { .. }
            | EventKind::Release { .. }
    )
}
