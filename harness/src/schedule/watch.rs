//! Notes what the scheduler lets happen, whatever the schedule.
//!
//! The event log would not do: it says what came of an operation, and says nothing of those that found
//! nothing to do. What was announced and chosen is complete.

use super::only_reads;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::Op;
use mmreap::sync::thread::Tid;
use mmreap::trace::ObjectRef;

/// An operation that was executed, in numbers.
#[derive(Clone, Copy)]
pub struct Step {
    /// Whose.
    pub thread: Tid,
    /// On which object.
    pub object: ObjectRef,
    /// The hash of its site.
    pub site: u32,
    /// The hash of its noun.
    pub noun: u32,
    /// Whether it leaves everything as it was.
    pub reads: bool,
}

/// The steps of a run.
#[derive(Default)]
pub struct Notes {
    steps: Vec<Step>,
}

impl Notes {
    /// The steps since the last [`Notes::clear`], oldest first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Forgets all steps.
    pub fn clear(&mut self) {
        self.steps.clear();
    }

    fn note(&mut self, thread: Tid, op: &Op) {
        let (site, noun) = (op.site.hash(), op.site.noun_hash());
        let (object, reads) = (op.object, only_reads(op.access));
        self.steps.push(Step { thread, object, reads, site, noun });
    }
}

/// A scheduler whose choices are noted.
pub struct Watched<C> {
    /// The scheduler.
    pub inner: C,
    /// What it chose.
    pub notes: Notes,
}

impl<C: Choose> Choose for Watched<C> {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let thread = self.inner.choose(candidates, current);
        if let Some(chosen) = candidates.iter().find(|candidate| candidate.thread == thread) {
            self.notes.note(thread, &chosen.op);
        }
        thread
    }
}
