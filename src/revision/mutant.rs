//! Mutants: releases with one deliberate mistake, to see that the harness notices, and *equivalents*, whose
//! names begin with E: releases with a change that makes nothing unsafe, to see that it does not cry wolf.
//!
//! Two mutants show nothing, because their harm is outside of this model. M22 delays others, and nothing
//! here has a bound in time. M29 lets a victim use up the reserves that it needs to exit, and no exit
//! needs any here. What mutants of later releases are about does not exist yet in these: a system call that
//! reaps without holding the address space (M16), and munlock before the wait for the reaper (M21), which
//! is the state of v4.14 and v4.15.
//!
//! They are also the pattern for trying a patch: write the changed function beside its relatives, name
//! it here on top of the release it applies to, and run `mmreap fuzz --kernel NAME`.

use super::{Revision, V4_13, V4_15};
use crate::exit::{exit_mmap, fork};
use crate::mm::fault;
use crate::oom::{kill, reaper, select, victim};
use crate::{aio, task};

/// Mutants by their numbers, then equivalents.
pub static MUTANTS: [&Revision; 30] = [
    &V4_13_M01,
    &V4_15_M02,
    &V4_15_M03,
    &V4_15_M04,
    &V4_15_M06,
    &V4_15_M07,
    &V4_15_M09,
    &V4_15_M10,
    &V4_15_M11,
    &V4_15_M11B,
    &V4_15_M12,
    &V4_15_M12A,
    &V4_15_M12C,
    &V4_15_M13,
    &V4_15_M14,
    &V4_15_M15,
    &V4_15_M20,
    &V4_15_M20C,
    &V4_15_M22,
    &V4_15_M23,
    &V4_15_M24,
    &V4_15_M26,
    &V4_15_M27,
    &V4_15_M29,
    &V4_15_M30,
    &V4_15_M36,
    &V4_15_E01,
    &V4_15_E02,
    &V4_15_E03,
    &V4_15_E04,
];

const V4_13_M01: Revision = Revision {
    name: "v4.13+M01",
    commit: "-",
    change: "the reaper leaves MMF_OOM_SKIP to __mmput when mm_users is 0",
    oom_reap_task: reaper::oom_reap_task_m01,
    ..V4_13
};

const V4_15_M02: Revision = Revision {
    name: "v4.15+M02",
    commit: "-",
    change: "the reaper leaves an address space whose mm_users is 0 to exit_mmap",
    oom_reap_task: reaper::oom_reap_task_m02,
    ..V4_15
};

const V4_15_M03: Revision = Revision {
    name: "v4.15+M03",
    commit: "-",
    change: "exit_mmap waits for the reaper if the current task is a victim, as in v4.14",
    exit_mmap: exit_mmap::v4_14,
    ..V4_15
};

/// Nightly runs have to find it, or they are broken.
const V4_15_M04: Revision = Revision {
    name: "v4.15+M04",
    commit: "-",
    change: "exit_mmap does not wait for the reaper",
    exit_mmap: exit_mmap::m04,
    ..V4_15
};

const V4_15_M06: Revision = Revision {
    name: "v4.15+M06",
    commit: "-",
    change: "exit_mmap waits for the reaper by taking mmap_sem for reading",
    exit_mmap: exit_mmap::m06,
    ..V4_15
};

const V4_15_M07: Revision = Revision {
    name: "v4.15+M07",
    commit: "-",
    change: "exit_mmap only tries mmap_sem, and goes on without it",
    exit_mmap: exit_mmap::m07,
    ..V4_15
};

const V4_15_M09: Revision = Revision {
    name: "v4.15+M09",
    commit: "-",
    change: "the reaper does not look at MMF_OOM_SKIP",
    oom_reap_task_mm: reaper::reap_m09,
    ..V4_15
};

const V4_15_M10: Revision = Revision {
    name: "v4.15+M10",
    commit: "-",
    change: "task_will_free_mem does not look at those who share the address space",
    task_will_free_mem: select::will_free_m10,
    ..V4_15
};

const V4_15_M11: Revision = Revision {
    name: "v4.15+M11",
    commit: "-",
    change: "exit_mmap sets MMF_OOM_SKIP before it unmaps",
    exit_mmap: exit_mmap::m11,
    ..V4_15
};

const V4_15_M11B: Revision = Revision {
    name: "v4.15+M11b",
    commit: "-",
    change: "__mmput sets MMF_OOM_SKIP before exit_aio",
    mmput: fork::mmput_m11b,
    ..V4_15
};

const V4_15_M12: Revision = Revision {
    name: "v4.15+M12",
    commit: "-",
    change: "nobody looks at MMF_UNSTABLE",
    check_stable: fault::check_stable_v4_9,
    ..V4_15
};

const V4_15_M12A: Revision = Revision {
    name: "v4.15+M12a",
    commit: "-",
    change: "the reaper sets MMF_UNSTABLE after it took pages away",
    oom_reap_task_mm: reaper::reap_m12a,
    ..V4_15
};

const V4_15_M12C: Revision = Revision {
    name: "v4.15+M12c",
    commit: "-",
    change: "MMF_UNSTABLE is tested after a fault has installed its page",
    handle_mm_fault: fault::handle_mm_fault_m12c,
    check_stable: fault::check_stable_v4_9,
    ..V4_15
};

const V4_15_M13: Revision = Revision {
    name: "v4.15+M13",
    commit: "-",
    change: "exit_mmap sets MMF_OOM_SKIP after it freed the page tables",
    exit_mmap: exit_mmap::m13,
    ..V4_15
};

const V4_15_M14: Revision = Revision {
    name: "v4.15+M14",
    commit: "-",
    change: "oom_mm is remembered without a reference on it",
    mark_oom_victim: victim::mark_m14,
    free_signal_struct: task::free_signal_m14,
    ..V4_15
};

const V4_15_M15: Revision = Revision {
    name: "v4.15+M15",
    commit: "-",
    change: "the reference on oom_mm is dropped when the victim is no longer marked",
    exit_oom_victim: victim::exit_oom_victim_m15,
    free_signal_struct: task::free_signal_m14,
    ..V4_15
};

const V4_15_M20: Revision = Revision {
    name: "v4.15+M20",
    commit: "-",
    change: "exit_aio does not wait for requests in flight",
    exit_aio: aio::exit_aio_m20,
    ..V4_15
};

/// On top of E04, because two that destroy one context show a bug of v4.15 itself.
const V4_15_M20C: Revision = Revision {
    name: "v4.15+M20c",
    commit: "-",
    change: "as E04, but kill_ioctx does not look whether the context is dead already",
    kill_ioctx: aio::kill_ioctx_m20c,
    ..V4_15_E04
};

const V4_15_M22: Revision = Revision {
    name: "v4.15+M22",
    commit: "-",
    change: "exit_mmap unmaps a victim with oom_lock held",
    exit_mmap: exit_mmap::m22,
    ..V4_15
};

const V4_15_M23: Revision = Revision {
    name: "v4.15+M23",
    commit: "-",
    change: "MMF_OOM_SKIP is not set on what ten attempts could not reap",
    oom_reap_task: reaper::oom_reap_task_m23,
    ..V4_15
};

const V4_15_M24: Revision = Revision {
    name: "v4.15+M24",
    commit: "-",
    change: "the reaper gives up before its first attempt",
    oom_reap_task: reaper::oom_reap_task_m24,
    ..V4_15
};

const V4_15_M26: Revision = Revision {
    name: "v4.15+M26",
    commit: "-",
    change: "the search for a victim waits for those that were given up on, too",
    oom_evaluate_task: select::evaluate_m26,
    ..V4_15
};

const V4_15_M27: Revision = Revision {
    name: "v4.15+M27",
    commit: "-",
    change: "an address space that was given up on can be chosen again",
    oom_badness: select::badness_m27,
    ..V4_15
};

const V4_15_M29: Revision = Revision {
    name: "v4.15+M29",
    commit: "-",
    change: "a victim may use reserves before it gets SIGKILL",
    kill_process: kill::kill_m29,
    ..V4_15
};

const V4_15_M30: Revision = Revision {
    name: "v4.15+M30",
    commit: "-",
    change: "those who share the victim's address space are not killed",
    kill_process: kill::kill_m30,
    ..V4_15
};

const V4_15_M36: Revision = Revision {
    name: "v4.15+M36",
    commit: "-",
    change: "the reaper does not look whether there are MMU notifiers",
    oom_reap_task_mm: reaper::reap_m36,
    ..V4_15
};

const V4_15_E01: Revision = Revision {
    name: "v4.15+E01",
    commit: "-",
    change: "safe: exit_mmap waits for the reaper always; where none can be, the wait is short",
    exit_mmap: exit_mmap::e01,
    ..V4_15
};

const V4_15_E02: Revision = Revision {
    name: "v4.15+E02",
    commit: "-",
    change: "safe: MMF_OOM_SKIP is set on every dead address space, but only victims' are looked at",
    exit_mmap: exit_mmap::e02,
    ..V4_15
};

const V4_15_E03: Revision = Revision {
    name: "v4.15+E03",
    commit: "-",
    change: "safe: as in v6.1, tables go with mmap_sem held for writing, so readers have left or see SKIP",
    exit_mmap: exit_mmap::e03,
    ..V4_15
};

const V4_15_E04: Revision = Revision {
    name: "v4.15+E04",
    commit: "-",
    change: "safe: as in v4.17, an AIO context outlives its readers, and without users it is not found",
    lookup_ioctx: aio::lookup_ioctx_v4_17,
    free_ioctx_reqs: aio::free_ioctx_reqs_v4_16,
    ..V4_15
};
