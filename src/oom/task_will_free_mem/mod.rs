//! `task_will_free_mem`: whether a task's memory is on its way back, so that nobody else has to die for it.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::task_will_free_mem as v4_9;

use crate::memory::{Handle, read};
use crate::sync::bits::test_bit;
use crate::task::{Task, TaskFlag, thread_group_empty};
use crate::trace::Function;
use crate::world::world;

/// `task_will_free_mem`, in traces.
pub const TASK_WILL_FREE_MEM: Function = Function::new("task_will_free_mem");

/// `task_will_free_mem` of the revision that runs.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
    world(|w| w.revision.task_will_free_mem)(task)
}

/// `__task_will_free_mem`: whether the whole process is on its way out.
pub fn group_will_free_mem(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    read(signal, "flags", |signal| signal.group_exit)
        || (thread_group_empty(task) && test_bit(task, TaskFlag::Exiting))
}
