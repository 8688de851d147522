//! M27: `oom_badness` takes address spaces that were given up on for others.

use crate::{Mutant, Shows};
use mmreap::oom::oom_badness::{OOM_SCORE_ADJ_MIN, pages};
use mmreap::oom::oom_kill_process::OOM_KILL_PROCESS;
use mmreap::oom::oom_reap_task::OOM_REAP_TASK;
use mmreap::oom::select::oom_unkillable_task;
use mmreap::prelude::*;
use mmreap::task::{find_lock_task_mm, in_vfork, task_unlock};

/// The mutant.
pub const M27: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M27",
        scenario: "sc_2enq",
        oracles: &["O-SPUR"],
        sites: &[OOM_KILL_PROCESS.name(), OOM_REAP_TASK.name()],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M27", "an address space that was given up on can be chosen again")
    .oom_badness(oom_badness);

/// `oom_badness`.
fn oom_badness(task: Handle<Task>) -> i32 {
    if oom_unkillable_task(task) {
        return 0;
    }
    let Some((task, mm)) = find_lock_task_mm(task) else { return 0 };
    let adj = task.peek(|task| task.signal).peek(|signal| signal.oom_score_adj);
    if adj == OOM_SCORE_ADJ_MIN || in_vfork(task) {
        task_unlock(task);
        return 0;
    }
    let points = pages(mm);
    task_unlock(task);
    let total = i32::from(world(|w| w.zone.total()));
    (points + i32::from(adj) * total / 1000).max(1)
}
