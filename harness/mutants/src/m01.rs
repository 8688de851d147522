//! M01: the repair of the premature second kill (B02) that was proposed first, in June 2017.
//!
//! The reaper leaves `MMF_OOM_SKIP` to `__mmput` when `mm_users` is 0. But `__mmput` may never come to it (B01).

use crate::{Mutant, Shows};
use mmreap::oom::oom_reap_task::{MAX_OOM_REAP_RETRIES, OOM_REAP_TASK, oom_mm};
use mmreap::oom::oom_reap_task_mm::oom_reap_task_mm;
use mmreap::oom::out_of_memory::OUT_OF_MEMORY;
use mmreap::prelude::*;
use mmreap::task::put_task_struct;
use mmreap::trace::noun::{MM_USERS, OOM_REAPER_LIST};

/// The mutant.
pub const M01: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "B01",
        scenario: "sc_aio",
        oracles: &["O-LIVE"],
        sites: &["exit_aio", OUT_OF_MEMORY.name()],
        object: None,
    }),
};

static KERNEL: Revision = V4_13
    .patched("v4.13+M01", "the reaper leaves MMF_OOM_SKIP to __mmput when mm_users is 0")
    .oom_reap_task(oom_reap_task);

/// `oom_reap_task`.
fn oom_reap_task(task: Handle<Task>) {
    let _call = protocol(OOM_REAP_TASK, task.object());
    let mm = oom_mm(task);
    for _ in 0..MAX_OOM_REAP_RETRIES {
        if oom_reap_task_mm(task, mm) {
            break;
        }
        schedule_timeout_idle(HZ / 10);
    }
    let has_users = atomic_read(mm, MM_USERS, |mm| &mut mm.users) > 0;
    write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
    if has_users {
        set_bit(mm, MmFlag::OomSkip);
    }
    put_task_struct(task);
}
