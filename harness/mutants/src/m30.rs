//! M30: those who share the victim's address space live on.

use crate::{LOST, Mutant, Shows};
use mmreap::oom::kill_process::{find_lock_victim, for_each_sharer};
use mmreap::oom::mark_oom_victim::mark_oom_victim;
use mmreap::oom::reaper::wake_oom_reaper;
use mmreap::oom::select::announce_kill;
use mmreap::prelude::*;
use mmreap::task::{put_task_struct, rcu_read, send_sigkill, task_unlock};

/// The mutant.
pub const M30: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M30",
        scenario: "sc_sharer_alive",
        oracles: &["O-DATA"],
        sites: LOST,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M30", "those who share the victim's address space are not killed")
    .kill_process(kill_process);

/// The end of `oom_kill_process`.
fn kill_process(leader: Handle<Task>) {
    let Some((victim, mm)) = find_lock_victim(leader) else { return };
    mmgrab(mm);
    announce_kill(mm);
    send_sigkill(victim);
    mark_oom_victim(victim);
    task_unlock(victim);
    if rcu_read(|| for_each_sharer(victim, mm, |_| ())) {
        wake_oom_reaper(victim);
    }
    mmdrop(mm);
    put_task_struct(victim);
}
