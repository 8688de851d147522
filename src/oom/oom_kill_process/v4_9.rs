//! `oom_kill_process` of v4.9 to v4.15. Takes over the reference on the leader.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::OOM_KILL_PROCESS;
use crate::memory::Handle;
use crate::oom::kill_process::kill_process;
use crate::oom::mark_oom_victim::mark_oom_victim;
use crate::oom::oom_badness::oom_badness;
use crate::oom::reaper::wake_oom_reaper;
use crate::oom::task_will_free_mem::task_will_free_mem;
use crate::sync::rwlock::{read_lock, read_unlock};
use crate::task::{
    Task, for_each_thread, get_task_struct, process_shares_mm, put_task_struct, task_lock,
    task_unlock, tasklist_lock,
};
use crate::trace::noun::MM;
use crate::trace::protocol;

/// `oom_kill_process`.
pub fn oom_kill_process(leader: Handle<Task>) {
    let process = leader.peek(|task| task.signal);
    let _call = protocol(OOM_KILL_PROCESS, process.object());
    task_lock(leader);
    if task_will_free_mem(leader) {
        mark_oom_victim(leader);
        wake_oom_reaper(leader);
        task_unlock(leader);
        put_task_struct(leader);
        return;
    }
    task_unlock(leader);
    kill_process(sacrifice_child(leader));
}

/// Until v5.1 a child with an address space of its own dies in the place of its parent. The reference on
/// the parent is dropped as soon as a child is better, while its threads are still being walked (until
/// cefc7ef3c87d, v5.0). What keeps it is that nobody is released while `tasklist_lock` is held, and that who was
/// released before has no threads. A thread that the search of a memory cgroup chose may have been, and the old
/// leader after an exec; there are neither here.
fn sacrifice_child(leader: Handle<Task>) -> Handle<Task> {
    let (mut victim, mut victim_points) = (leader, 0);
    read_lock(tasklist_lock());
    for thread in for_each_thread(leader) {
        for child in thread.peek_at("children", |thread| thread.children.clone()) {
            let mm = leader.peek_at(MM, |leader| leader.mm);
            if mm.is_some_and(|mm| process_shares_mm(child, mm)) {
                continue;
            }
            let points = oom_badness(child);
            if points > victim_points {
                put_task_struct(victim);
                (victim, victim_points) = (child, points);
                get_task_struct(victim);
            }
        }
    }
    read_unlock(tasklist_lock());
    victim
}
