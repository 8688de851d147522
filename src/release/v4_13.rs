//! v4.13: nobody gets a fresh page where the reaper took one away.

use super::V4_9;
use crate::mm::{check_stable, finish_fault, handle_mm_fault};
use crate::oom::oom_reap_task_mm;
use crate::page_alloc::slowpath;
use crate::revision::Revision;

/// v4.13.
pub const V4_13: Revision = Revision {
    name: "v4.13",
    release: "v4.13",
    commit: "6b31d5955cb2",
    change: "MMF_UNSTABLE is tested where a fault installs a page, for every task",
    bugs: &["B02", "B20", "B55"],
    alloc_pages_slowpath: slowpath::v4_13,
    oom_reap_task_mm: oom_reap_task_mm::v4_13,
    handle_mm_fault: handle_mm_fault::v4_13,
    finish_fault: finish_fault::v4_13,
    check_stable: check_stable::v4_13,
    ..V4_9
};
