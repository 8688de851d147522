//! Oops: the kernel follows a pointer that is NULL, or never comes back.
//!
//! No release gets there, but a wrong patch may, and then it is a fact about the run like any other
//! violation: it ends the run, in the kernel's words. What no revision can reach (a machine that did not
//! boot, a handle that nobody made) is an `expect` that says why. A loop or a recursion that touches nothing
//! of the machine is neither, and cannot be seen from here.

use super::report::{Violation, report};
use crate::trace::ObjectRef;
use crate::world::world;

/// What the kernel runs into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oops {
    /// A pointer that leads nowhere.
    NullDereference,
    /// A CPU that does not let anybody else run.
    SoftLockup,
    /// A stack that is used up.
    StackOverflow,
}

impl Oops {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Oops::NullDereference => "NULL dereference",
            Oops::SoftLockup => "soft lockup",
            Oops::StackOverflow => "stack overflow",
        }
    }
}

/// Follows a pointer that belongs to the object.
pub fn dereference<T>(pointer: Option<T>, object: ObjectRef) -> T {
    pointer.unwrap_or_else(|| oops(Oops::NullDereference, object))
}

/// Ends the run.
pub(crate) fn oops(oops: Oops, object: ObjectRef) -> ! {
    let used = world(|w| w.here());
    report(Violation::Oops { object, oops, used })
}
