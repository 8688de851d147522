//! M23: `oom_reap_task` does not give up on what it could not reap.

use crate::{Mutant, Shows};
use mmreap::oom::oom_reap_task::{MAX_OOM_REAP_RETRIES, OOM_REAP_TASK, oom_mm};
use mmreap::oom::oom_reap_task_mm::oom_reap_task_mm;
use mmreap::prelude::*;
use mmreap::task::put_task_struct;
use mmreap::trace::noun::OOM_REAPER_LIST;

/// The mutant.
pub const M23: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M23",
        scenario: "sc_law",
        oracles: &["O-LIVE"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M23", "MMF_OOM_SKIP is not set on what ten attempts could not reap")
    .oom_reap_task(oom_reap_task);

/// `oom_reap_task`.
fn oom_reap_task(task: Handle<Task>) {
    let _call = protocol(OOM_REAP_TASK, task.object());
    let mm = oom_mm(task);
    let is_done = (0..MAX_OOM_REAP_RETRIES).any(|_| {
        let is_done = oom_reap_task_mm(task, mm);
        if !is_done {
            schedule_timeout_idle(HZ / 10);
        }
        is_done
    });
    write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
    if is_done {
        set_bit(mm, MmFlag::OomSkip);
    }
    put_task_struct(task);
}
