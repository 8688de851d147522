//! M02: the reaper leaves an address space whose `mm_users` is 0 alone altogether.

use crate::{Mutant, Shows};
use mmreap::oom::oom_reap_task::{MAX_OOM_REAP_RETRIES, OOM_REAP_TASK, oom_mm};
use mmreap::oom::oom_reap_task_mm::oom_reap_task_mm;
use mmreap::prelude::*;
use mmreap::task::put_task_struct;
use mmreap::trace::noun::{MM_USERS, OOM_REAPER_LIST};

/// The mutant.
pub const M02: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M02",
        scenario: "sc_aio",
        oracles: &["O-LIVE"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M02", "the reaper leaves an address space whose mm_users is 0 to exit_mmap")
    .oom_reap_task(oom_reap_task);

/// `oom_reap_task`.
fn oom_reap_task(task: Handle<Task>) {
    let _call = protocol(OOM_REAP_TASK, task.object());
    if atomic_read(oom_mm(task), MM_USERS, |mm| &mut mm.users) == 0 {
        write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
        put_task_struct(task);
        return;
    }
    let mm = oom_mm(task);
    for _ in 0..MAX_OOM_REAP_RETRIES {
        if oom_reap_task_mm(task, mm) {
            break;
        }
        schedule_timeout_idle(HZ / 10);
    }
    write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
    set_bit(mm, MmFlag::OomSkip);
    put_task_struct(task);
}
