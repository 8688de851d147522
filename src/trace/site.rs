//! Sites: places of the implementation, named as `FUNCTION/OPERATION(NOUN)`.
//!
//! The function is the one on top of the running thread's call stack, which [`enter`] keeps; the
//! operation and its noun come from the primitive that is used. So protocol code stays as plain as
//! the kernel's, and a site keeps its name when lines move. A site is *not* a source position.

use crate::trace::{ObjectRef, What};
use crate::world::world;
use std::fmt;

/// A place of the implementation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// The function of the protocol (a column of the revision table) that is being executed, or the
    /// outermost function of a thread that executes none.
    pub protocol: &'static str,
    /// The innermost kernel function.
    pub function: &'static str,
    /// The operation.
    pub verb: &'static str,
    /// What it is applied to; empty if the verb says it all.
    pub noun: &'static str,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.function, self.verb)?;
        if self.noun.is_empty() { Ok(()) } else { write!(f, "({})", self.noun) }
    }
}

/// One active call on a thread's stack.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The function.
    pub function: &'static str,
    /// The innermost function of the protocol at or below it.
    pub protocol: &'static str,
    /// The object that it works on, if it is a function of the protocol.
    pub object: ObjectRef,
}

/// Keeps a call on the stack until it is dropped.
#[must_use = "the call ends when the frame is dropped"]
pub struct Frame(());

/// Enters the function at the bottom of a thread, which says nothing about what the thread does.
pub fn base(function: &'static str) -> Frame {
    push(function, Some(""), ObjectRef::NONE)
}

/// Enters a kernel function that helps the protocol, such as `unmap_page_range`.
pub fn enter(function: &'static str) -> Frame {
    push(function, None, ObjectRef::NONE)
}

/// Enters a function of the protocol, such as `exit_mmap`: failures are grouped by these.
pub fn protocol(function: &'static str, object: ObjectRef) -> Frame {
    push(function, Some(function), object)
}

fn push(function: &'static str, protocol: Option<&'static str>, object: ObjectRef) -> Frame {
    world(|w| {
        let thread = w.running();
        let below = thread.calls.last().map_or("", |call| call.protocol);
        let below = if below.is_empty() { function } else { below };
        thread.calls.push(Call { function, protocol: protocol.unwrap_or(below), object });
        w.record(object, What::Enter);
    });
    Frame(())
}

impl Drop for Frame {
    fn drop(&mut self) {
        world(|w| w.running().calls.pop());
    }
}
