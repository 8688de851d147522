//! M24: `oom_reap_task` makes no attempt.

use crate::{Mutant, Shows};
use mmreap::oom::oom_reap_task::{OOM_REAP_TASK, oom_mm};
use mmreap::prelude::*;
use mmreap::task::put_task_struct;
use mmreap::trace::noun::OOM_REAPER_LIST;

/// The mutant.
pub const M24: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M24",
        scenario: "sc_2p",
        oracles: &["O-SPUR"],
        sites: &[OOM_REAP_TASK.name()],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M24", "the reaper gives up before its first attempt")
    .oom_reap_task(oom_reap_task);

/// `oom_reap_task`.
fn oom_reap_task(task: Handle<Task>) {
    let _call = protocol(OOM_REAP_TASK, task.object());
    let mm = oom_mm(task);
    write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
    set_bit(mm, MmFlag::OomSkip);
    put_task_struct(task);
}
