//! `oom_badness`: how much killing a process would bring.
//!
//! Source: mm/oom_kill.c. Without swap, cpusets and memory cgroups.

mod v4_9;

pub use v4_9::oom_badness as v4_9;

use crate::memory::Handle;
use crate::mm::Mm;
use crate::task::Task;
use crate::world::world;

/// `OOM_SCORE_ADJ_MIN`: never killed.
pub const OOM_SCORE_ADJ_MIN: i16 = -1000;

/// `oom_badness` of the revision that runs.
pub fn oom_badness(task: Handle<Task>) -> i32 {
    world(|w| w.revision.oom_badness)(task)
}

/// What an address space holds: resident pages, and those of its page tables.
pub fn pages(mm: Handle<Mm>) -> i32 {
    mm.peek_at("rss", |mm| mm.rss)
        + mm.peek_at("nr_ptes", |mm| mm.nr_ptes)
        + mm.peek_at("nr_pmds", |mm| mm.nr_pmds)
}
