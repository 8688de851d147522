//! Mutants: releases with one deliberate mistake, to see that the harness notices.
//!
//! They are also the pattern for trying a patch: write the changed function beside its relatives, name
//! it here on top of the release it applies to, and run `mmreap fuzz --kernel NAME`.

use super::{Revision, V4_13, V4_15};
use crate::memory::{Handle, write};
use crate::mm::MmFlag;
use crate::oom::reaper::attempts;
use crate::sync::atomic::atomic_read;
use crate::sync::bits::set_bit;
use crate::task::{Task, put_task_struct};
use crate::trace::protocol;

/// Mutants, in the order of the releases that they change.
pub static MUTANTS: [&Revision; 2] = [&V4_13_M01, &V4_15_M04];

/// M01: the repair of the premature second kill that was proposed first, in June 2017.
const V4_13_M01: Revision = Revision {
    name: "v4.13+M01",
    commit: "-",
    change: "the reaper leaves MMF_OOM_SKIP to __mmput when mm_users is 0",
    oom_reap_task: oom_reap_task_m01,
    ..V4_13
};

fn oom_reap_task_m01(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let mm = attempts(task);
    write(task, "oom_reaper_list", |task| task.oom_reaper_list = None);
    if atomic_read(mm, "mm_users", |mm| &mut mm.users) > 0 {
        set_bit(mm, MmFlag::OomSkip);
    }
    put_task_struct(task);
}

/// M04: the exit path never waits for the reaper. Nightly runs have to find it, or they are broken.
const V4_15_M04: Revision = Revision {
    name: "v4.15+M04",
    commit: "-",
    change: "exit_mmap does not wait for the reaper",
    exit_mmap: crate::exit::exit_mmap::m04,
    ..V4_15
};
