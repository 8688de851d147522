//! The call stack under each event, reconstructed from the log.
//!
//! An event knows its depth, and each call's beginning is an event; that is enough. A call is named by
//! the index of the event with which it began.

use mmreap::trace::{Event, EventKind, Kind, ObjectRef};

/// For each event of a log, the call that it happened in.
pub(super) struct Stacks {
    callers: Vec<Option<u32>>,
}

impl Stacks {
    /// The stacks of a log.
    pub(super) fn new(log: &[Event]) -> Self {
        let mut active: Vec<Vec<u32>> = Vec::new();
        let mut callers = Vec::with_capacity(log.len());
        for (index, event) in (0..).zip(log) {
            if active.len() <= event.thread.index() {
                active.resize(event.thread.index() + 1, Vec::new());
            }
            callers.push(follow(&mut active[event.thread.index()], index, event));
        }
        Stacks { callers }
    }

    /// The active calls at an event, innermost first. A call is not active at its own beginning.
    pub(super) fn calls(&self, event: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(self.caller(event), |&call| self.caller(call))
    }

    /// The innermost active call at an event.
    pub(super) fn caller(&self, event: u32) -> Option<u32> {
        self.callers.get(event as usize).copied().flatten()
    }

    /// The innermost object of a kind that an active call works on.
    pub(super) fn object(&self, log: &[Event], event: u32, kind: Kind) -> Option<ObjectRef> {
        let mut objects = self.calls(event).map(|call| log[call as usize].object);
        objects.find(|object| object.kind == kind)
    }
}

/// Brings a thread's stack up to an event, and returns the caller.
fn follow(stack: &mut Vec<u32>, index: u32, event: &Event) -> Option<u32> {
    let begins = event.kind == EventKind::Enter;
    stack.truncate(usize::from(event.depth).saturating_sub(usize::from(begins)));
    let caller = stack.last().copied();
    if begins {
        stack.push(index);
    }
    caller
}
