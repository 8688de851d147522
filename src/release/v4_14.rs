//! v4.14: the reaper and `exit_mmap` may run at the same time.

use super::V4_13;
use crate::exit::{exit_mmap, mmput_final};
use crate::mm::follow_page;
use crate::oom::oom_reap_task_mm;
use crate::page_alloc::{reserve, slowpath};
use crate::revision::Revision;

/// v4.14.
pub const V4_14: Revision = Revision {
    name: "v4.14",
    release: "v4.14",
    commit: "212925802454",
    change: "the reaper needs no users; exit_mmap waits for it if the current task is a victim",
    bugs: &["B04", "B05", "B55"],
    mmput: mmput_final::v4_14,
    exit_mmap: exit_mmap::v4_14,
    alloc_pages_slowpath: slowpath::v4_14,
    reserve: reserve::v4_14,
    oom_reap_task_mm: oom_reap_task_mm::v4_14,
    follow_page: follow_page::v4_14,
    ..V4_13
};
