//! `task_will_free_mem` of v4.9 to v4.15 (1af8bb432695): the task and everybody who shares its address space are on
//! their way out, and the memory has not been given up on. The caller keeps the task's `mm` stable.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::{TASK_WILL_FREE_MEM, group_will_free_mem};
use crate::memory::Handle;
use crate::mm::MmFlag;
use crate::sync::atomic::atomic_read;
use crate::sync::bits::test_bit;
use crate::task::{Task, for_each_process, process_shares_mm, rcu_read, same_thread_group};
use crate::trace::enter;
use crate::trace::noun::{MM, MM_USERS};

/// `task_will_free_mem`.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
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
