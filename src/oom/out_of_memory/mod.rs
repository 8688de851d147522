//! `out_of_memory`: the OOM killer's front door.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::out_of_memory as v4_9;

use crate::oom::OOM;
use crate::sync::point::stop;
use crate::trace::{EventKind, Function, Role, record};
use crate::world::{End, world};

/// `out_of_memory`, in traces.
pub const OUT_OF_MEMORY: Function = Function::acting("out_of_memory", Role::OomKiller);

/// Who asks for a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// An allocation that cannot go on.
    Allocation,
    /// Somebody, by sysrq-f.
    ByHand,
}

/// `out_of_memory` of the revision that runs.
pub fn out_of_memory(request: Request) -> bool {
    world(|w| w.revision.out_of_memory)(request)
}

/// `panic("Out of memory and no killable processes...")`; by hand it is only a message.
pub fn nobody_left(request: Request) -> bool {
    if request == Request::ByHand {
        return false;
    }
    record(OOM, EventKind::OomPanic);
    stop(End::Panic)
}
