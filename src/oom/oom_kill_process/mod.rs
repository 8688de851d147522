//! `oom_kill_process`: the chosen process dies, or a child in its place.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::oom_kill_process as v4_9;

use crate::memory::Handle;
use crate::task::Task;
use crate::trace::Function;
use crate::world::world;

/// `oom_kill_process`, in traces.
pub const OOM_KILL_PROCESS: Function = Function::new("oom_kill_process");

/// `oom_kill_process` of the revision that runs.
pub fn oom_kill_process(leader: Handle<Task>) {
    world(|w| w.revision.oom_kill_process)(leader);
}
