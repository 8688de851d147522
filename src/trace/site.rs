//! Sites: places of the implementation, named as `FUNCTION/OPERATION(NOUN)`.
//!
//! The function is the one on top of the running thread's call stack, which [`enter`] keeps; the
//! operation and its noun come from the primitive that is used. So protocol code stays as plain as
//! the kernel's, and a site keeps its name when lines move. A site is *not* a source position.

use crate::memory::{Oops, oops};
use crate::trace::names::Pair;
use crate::trace::{Actor, EventKind, Function, ObjectRef};
use crate::world::world;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A place of the implementation.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Site {
    /// Protocol and function.
    call: Pair,
    /// Verb and noun.
    operation: Pair,
}

impl Site {
    /// A place by its names.
    pub fn new(
        protocol: &'static str,
        function: &'static str,
        verb: &'static str,
        noun: &'static str,
    ) -> Self {
        Site::at(Pair::of(protocol, function), Pair::of(verb, noun))
    }

    /// The place of an operation in a function.
    pub(crate) const fn at(call: Pair, operation: Pair) -> Self {
        Site { call, operation }
    }

    /// The function of the protocol (a column of the revision table) that is being executed, or the
    /// outermost function of a thread that executes none.
    pub const fn protocol(self) -> &'static str {
        self.call.first()
    }

    /// The innermost kernel function.
    pub const fn function(self) -> &'static str {
        self.call.second()
    }

    /// The operation.
    pub const fn verb(self) -> &'static str {
        self.operation.first()
    }

    /// What it is applied to; empty if the verb says it all.
    pub const fn noun(self) -> &'static str {
        self.operation.second()
    }

    /// A hash of the noun, which is the same in every process.
    pub const fn noun_hash(self) -> u32 {
        self.operation.second_hash()
    }

    /// A hash of the four names, which is the same in every process.
    pub const fn hash(self) -> u32 {
        // Rotated, so that it matters which pair is which; 0x9e3779b1 is a prime near 2^32 / phi.
        (self.call.hash().rotate_left(16) ^ self.operation.hash()).wrapping_mul(0x9e37_79b1)
    }
}

impl Hash for Site {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(Site::hash(*self));
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.function(), self.verb())?;
        if self.noun().is_empty() { Ok(()) } else { write!(f, "({})", self.noun()) }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.protocol())
    }
}

/// Calls that fit a kernel stack. No release makes more than twenty at a time.
const DEPTH: usize = 100;

/// One active call on a thread's stack.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub(crate) names: Pair,
    /// Who acts in it.
    pub actor: Actor,
    /// The object that it works on, if it is a function of the protocol.
    pub object: ObjectRef,
}

impl Call {
    /// The function.
    pub const fn function(&self) -> &'static str {
        self.names.second()
    }

    /// The innermost function of the protocol at or below it.
    pub const fn protocol(&self) -> &'static str {
        self.names.first()
    }
}

/// Keeps a call on the stack until it is dropped.
#[must_use = "the call ends when the frame is dropped"]
pub struct Frame(());

/// Enters the function at the bottom of a thread, which says nothing about what the thread does.
pub fn base(function: &'static str) -> Frame {
    push(function.into(), Some(""), ObjectRef::NONE)
}

/// Enters a kernel function that helps the protocol, such as `unmap_page_range`. A function that is a constant is
/// entered by it, for a role may begin there; others by their name.
pub fn enter(function: impl Into<Function>) -> Frame {
    push(function.into(), None, ObjectRef::NONE)
}

/// Enters a function of the protocol, such as `exit_mmap`: failures are grouped by these. As [`enter`] does.
pub fn protocol(function: impl Into<Function>, object: ObjectRef) -> Frame {
    let function = function.into();
    push(function, Some(function.name()), object)
}

fn push(function: Function, protocol: Option<&'static str>, object: ObjectRef) -> Frame {
    let is_too_deep = world(|w| {
        let caller = w.running().calls.last();
        let below = caller.map_or("", Call::protocol);
        let below = if below.is_empty() { function.name() } else { below };
        let actor = caller.map_or(Actor::default(), |call| call.actor).taking(function.role());
        let names = w.names.pair(protocol.unwrap_or(below), function.name());
        w.running().calls.push(Call { names, actor, object });
        w.record(object, EventKind::Enter);
        w.running().calls.len() > DEPTH
    });
    let frame = Frame(());
    if is_too_deep {
        oops(Oops::StackOverflow, ObjectRef::NONE);
    }
    frame
}

impl Drop for Frame {
    fn drop(&mut self) {
        let call = world(|w| w.running().calls.pop());
        debug_assert!(call.is_some(), "calls end in the thread that made them");
    }
}
