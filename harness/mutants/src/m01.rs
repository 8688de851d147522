//! M01: the repair of the premature second kill (B02) that was proposed first, in June 2017.
//!
//! The reaper leaves `MMF_OOM_SKIP` to `__mmput` when `mm_users` is 0. But `__mmput` may never come to it (B01).

use crate::{Mutant, Shows};
use mmreap::oom::oom_reap_task::{MAX_OOM_REAP_RETRIES, oom_mm};
use mmreap::oom::oom_reap_task_mm::oom_reap_task_mm;
use mmreap::prelude::*;
use mmreap::task::put_task_struct;

/// The mutant.
pub const M01: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "B01",
        scenario: "sc_aio",
        oracles: &["O-LIVE"],
        sites: &["exit_aio", "out_of_memory"],
        object: None,
    }),
};

static KERNEL: Revision = V4_13
    .patched("v4.13+M01", "the reaper leaves MMF_OOM_SKIP to __mmput when mm_users is 0")
    .oom_reap_task(oom_reap_task);

/// `oom_reap_task`.
fn oom_reap_task(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let mm = oom_mm(task);
    for _ in 0..MAX_OOM_REAP_RETRIES {
        if oom_reap_task_mm(task, mm) {
            break;
        }
        schedule_timeout_idle(HZ / 10);
    }
    let has_users = atomic_read(mm, "mm_users", |mm| &mut mm.users) > 0;
    write(task, "oom_reaper_list", |task| task.oom_reaper_list = None);
    if has_users {
        set_bit(mm, MmFlag::OomSkip);
    }
    put_task_struct(task);
}
