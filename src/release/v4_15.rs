//! v4.15: whether to wait is a property of the address space.

use super::V4_14;
use crate::exit::exit_mmap;
use crate::oom::{mark_oom_victim, oom_reap_task_mm};
use crate::revision::Revision;

/// v4.15.
pub const V4_15: Revision = Revision {
    name: "v4.15",
    release: "v4.15",
    commit: "4837fe37adff",
    change: "exit_mmap waits for the reaper if the address space is a victim's (MMF_OOM_VICTIM)",
    bugs: &["B05", "B55"],
    exit_mmap: exit_mmap::v4_15,
    mark_oom_victim: mark_oom_victim::v4_15,
    oom_reap_task_mm: oom_reap_task_mm::v4_15,
    ..V4_14
};
