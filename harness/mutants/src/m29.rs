//! M29: a victim may use reserves before it gets SIGKILL.
//!
//! Shows nothing: it lets a victim use up the reserves that it needs to exit, and no exit needs any here.

use crate::Mutant;
use mmreap::oom::kill_process::{find_lock_victim, for_each_sharer};
use mmreap::oom::mark_oom_victim::mark_oom_victim;
use mmreap::oom::reaper::wake_oom_reaper;
use mmreap::oom::select::announce_kill;
use mmreap::prelude::*;
use mmreap::task::{put_task_struct, rcu_read, send_sigkill, task_unlock};

/// The mutant.
pub const M29: Mutant = Mutant { kernel: &KERNEL, shows: None };

static KERNEL: Revision = V4_15
    .patched("v4.15+M29", "a victim may use reserves before it gets SIGKILL")
    .kill_process(kill_process);

/// The end of `oom_kill_process`.
fn kill_process(leader: Handle<Task>) {
    let Some((victim, mm)) = find_lock_victim(leader) else { return };
    mmgrab(mm);
    announce_kill(mm);
    mark_oom_victim(victim);
    send_sigkill(victim);
    task_unlock(victim);
    if rcu_read(|| for_each_sharer(victim, mm, send_sigkill)) {
        wake_oom_reaper(victim);
    }
    mmdrop(mm);
    put_task_struct(victim);
}
