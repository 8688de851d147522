//! `task_will_free_mem`: whether a task's memory is on its way back, so that nobody else has to die for it.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use crate::memory::{Handle, read};
use crate::mm::MmFlag;
use crate::sync::atomic::atomic_read;
use crate::sync::bits::test_bit;
use crate::task::{
    Task, TaskFlag, for_each_process, process_shares_mm, rcu_read, same_thread_group,
    thread_group_empty,
};
use crate::trace::noun::{MM, MM_USERS};
use crate::trace::{Function, enter};
use crate::world::world;

/// `task_will_free_mem`, in traces.
pub const TASK_WILL_FREE_MEM: Function = Function::new("task_will_free_mem");

/// `task_will_free_mem` of the revision that runs.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
    world(|w| w.revision.task_will_free_mem)(task)
}

/// v4.9 to v4.15 (1af8bb432695): the task and everybody who shares its address space are on their way out, and
/// the memory has not been given up on. The caller keeps the task's `mm` stable.
pub fn v4_9(task: Handle<Task>) -> bool {
    let _call = enter(TASK_WILL_FREE_MEM);
    let Some(mm) = task.peek_at(MM, |task| task.mm) else { return false };
    if !group_will_free_mem(task) || test_bit(mm, MmFlag::OomSkip) {
        return false;
    }
    if atomic_read(mm, MM_USERS, |mm| &mut mm.users) <= 1 {
        return true;
    }
    let will_free = |p: Handle<Task>| {
        !process_shares_mm(p, mm) || same_thread_group(task, p) || group_will_free_mem(p)
    };
    rcu_read(|| for_each_process().all(will_free))
}

/// `__task_will_free_mem`: whether the whole process is on its way out.
pub fn group_will_free_mem(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    read(signal, "flags", |signal| signal.group_exit)
        || (thread_group_empty(task) && test_bit(task, TaskFlag::Exiting))
}
