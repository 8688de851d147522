//! `oom_badness` of v4.9 to v4.15: resident pages, page tables (v4.15 reads the sum of what was counted by levels
//! before) and the adjustment; 0 means never. No process of a case is root's, so that none gets the bonus of three
//! percent that those had until v4.16.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::{OOM_SCORE_ADJ_MIN, pages};
use crate::memory::Handle;
use crate::mm::MmFlag;
use crate::oom::select::oom_unkillable_task;
use crate::sync::bits::test_bit;
use crate::task::{Task, find_lock_task_mm, in_vfork, task_unlock};
use crate::world::world;

/// `oom_badness`.
pub fn oom_badness(task: Handle<Task>) -> i32 {
    if oom_unkillable_task(task) {
        return 0;
    }
    let Some((task, mm)) = find_lock_task_mm(task) else { return 0 };
    let adj = task.peek(|task| task.signal).peek(|signal| signal.oom_score_adj);
    if adj == OOM_SCORE_ADJ_MIN || test_bit(mm, MmFlag::OomSkip) || in_vfork(task) {
        task_unlock(task);
        return 0;
    }
    let points = pages(mm);
    task_unlock(task);
    let total = i32::from(world(|w| w.zone.total()));
    (points + i32::from(adj) * total / 1000).max(1)
}
