//! `oom_evaluate_task`: judges the process of a leader for a search.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::oom_evaluate_task as v4_9;

use crate::memory::Handle;
use crate::oom::select::OomControl;
use crate::task::Task;
use crate::world::world;

/// Whether the search is over.
pub type OomEvaluateTask = fn(Handle<Task>, &mut OomControl) -> bool;

/// `oom_evaluate_task` of the revision that runs.
pub fn oom_evaluate_task(task: Handle<Task>, oc: &mut OomControl) -> bool {
    world(|w| w.revision.oom_evaluate_task)(task, oc)
}
