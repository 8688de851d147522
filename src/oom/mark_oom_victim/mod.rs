//! `mark_oom_victim`: a thread becomes a victim, and its process remembers the address space.
//!
//! The caller holds `oom_lock`, and `task_lock` unless it is the task. Source: mm/oom_kill.c.

mod v4_15;
mod v4_9;

pub use v4_9::mark_oom_victim as v4_9;
pub use v4_15::mark_oom_victim as v4_15;

use crate::memory::Handle;
use crate::task::Task;
use crate::world::world;

/// `mark_oom_victim` of the revision that runs.
pub fn mark_oom_victim(task: Handle<Task>) {
    world(|w| w.revision.mark_oom_victim)(task);
}
