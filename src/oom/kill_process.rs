//! The end of `oom_kill_process`, which v4.19 made a function of its own, `__oom_kill_process`.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::mark_oom_victim::mark_oom_victim;
use super::reaper::wake_oom_reaper;
use super::select::{announce_kill, is_global_init};
use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmdrop, mmgrab};
use crate::sync::bits::{peek_bit, set_bit};
use crate::task::{
    Task, TaskFlag, find_lock_task_mm, for_each_process, get_task_struct, process_shares_mm,
    put_task_struct, rcu_read, same_thread_group, send_sigkill, task_unlock,
};
use crate::world::world;

/// The end of `oom_kill_process` of the revision that runs.
pub fn kill_process(leader: Handle<Task>) {
    world(|w| w.revision.kill_process)(leader);
}

/// v4.9 to v4.15: kills a process and everybody who shares its address space, and queues it for the reaper.
/// SIGKILL comes before the reserves, so that no more of them are used than it takes to exit. Takes over the
/// reference on the leader.
pub fn v4_9(leader: Handle<Task>) {
    let Some((victim, mm)) = find_lock_victim(leader) else { return };
    mmgrab(mm);
    announce_kill(mm);
    send_sigkill(victim);
    mark_oom_victim(victim);
    task_unlock(victim);
    if rcu_read(|| for_each_sharer(victim, mm, send_sigkill)) {
        wake_oom_reaper(victim);
    }
    mmdrop(mm);
    put_task_struct(victim);
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
