//! The end of `oom_kill_process`, which v4.19 made a function of its own, `__oom_kill_process`.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::kill_process as v4_9;

use crate::memory::Handle;
use crate::mm::{Mm, MmFlag};
use crate::oom::select::is_global_init;
use crate::sync::bits::{peek_bit, set_bit};
use crate::task::{
    Task, TaskFlag, find_lock_task_mm, for_each_process, get_task_struct, process_shares_mm,
    put_task_struct, same_thread_group,
};
use crate::world::world;

/// The end of `oom_kill_process` of the revision that runs.
pub fn kill_process(leader: Handle<Task>) {
    world(|w| w.revision.kill_process)(leader);
}

/// A thread of the process that still has its address space, under its `task_lock`, with the reference that was the
/// leader's; `None` if all have let go of it.
pub fn find_lock_victim(leader: Handle<Task>) -> Option<(Handle<Task>, Handle<Mm>)> {
    let Some((victim, mm)) = find_lock_task_mm(leader) else {
        put_task_struct(leader);
        return None;
    };
    if victim != leader {
        get_task_struct(victim);
        put_task_struct(leader);
    }
    Some((victim, mm))
}

/// Does it to the other processes that share the address space: whether it can be reaped.
pub fn for_each_sharer(victim: Handle<Task>, mm: Handle<Mm>, kill: fn(Handle<Task>)) -> bool {
    let mut can_oom_reap = true;
    for p in for_each_process() {
        if !process_shares_mm(p, mm) || same_thread_group(p, victim) {
            continue;
        }
        if is_global_init(p) {
            can_oom_reap = false;
            set_bit(mm, MmFlag::OomSkip);
        } else if !peek_bit(p, TaskFlag::Kthread) {
            kill(p);
        }
    }
    can_oom_reap
}
