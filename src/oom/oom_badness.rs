//! `oom_badness`: how much killing a process would bring.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15. Without swap, cpusets and memory cgroups.

use super::select::oom_unkillable_task;
use crate::memory::Handle;
use crate::mm::{Mm, MmFlag};
use crate::sync::bits::test_bit;
use crate::task::{Task, find_lock_task_mm, in_vfork, task_unlock};
use crate::world::world;

/// `OOM_SCORE_ADJ_MIN`: never killed.
pub const OOM_SCORE_ADJ_MIN: i16 = -1000;

/// `oom_badness` of the revision that runs.
pub fn oom_badness(task: Handle<Task>) -> i32 {
    world(|w| w.revision.oom_badness)(task)
}

/// v4.9 to v4.15: resident pages, page tables (v4.15 reads the sum of what was counted by levels before) and
/// the adjustment; 0 means never. No process of a case is root's, so that none gets the bonus of three percent
/// that those had until v4.16.
pub fn v4_9(task: Handle<Task>) -> i32 {
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

/// What an address space holds: resident pages, and those of its page tables.
pub fn pages(mm: Handle<Mm>) -> i32 {
    mm.peek_at("rss", |mm| mm.rss)
        + mm.peek_at("nr_ptes", |mm| mm.nr_ptes)
        + mm.peek_at("nr_pmds", |mm| mm.nr_pmds)
}
