//! `exit_oom_victim`: a thread is no victim any more, after its address space is gone.
//!
//! Only the victim itself calls it. Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::exit_oom_victim as v4_9;

use crate::memory::Handle;
use crate::task::Task;
use crate::world::world;

/// `exit_oom_victim` of the revision that runs.
pub fn exit_oom_victim(task: Handle<Task>) {
    world(|w| w.revision.exit_oom_victim)(task);
}
