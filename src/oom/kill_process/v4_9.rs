//! The end of `oom_kill_process` of v4.9 to v4.15: kills a process and everybody who shares its address space, and
//! queues it for the reaper. SIGKILL comes before the reserves, so that no more of them are used than it takes to
//! exit. Takes over the reference on the leader.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::{find_lock_victim, for_each_sharer};
use crate::memory::Handle;
use crate::mm::{mmdrop, mmgrab};
use crate::oom::mark_oom_victim::mark_oom_victim;
use crate::oom::reaper::wake_oom_reaper;
use crate::oom::select::announce_kill;
use crate::task::{Task, put_task_struct, rcu_read, send_sigkill, task_unlock};

/// The end of `oom_kill_process`.
pub fn kill_process(leader: Handle<Task>) {
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
