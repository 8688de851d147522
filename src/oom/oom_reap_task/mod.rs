//! `oom_reap_task`: reaps a victim, or gives it up.
//!
//! A pass only ever tries `mmap_sem`, because whoever holds it may wait for memory; after ten attempts the OOM
//! killer is told not to wait. Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::oom_reap_task as v4_9;

use crate::memory::{Handle, dereference, read};
use crate::mm::Mm;
use crate::task::Task;
use crate::trace::Function;
use crate::trace::noun::OOM_MM;
use crate::world::world;

/// `oom_reap_task`, in traces.
pub const OOM_REAP_TASK: Function = Function::new("oom_reap_task");

/// `MAX_OOM_REAP_RETRIES`.
pub const MAX_OOM_REAP_RETRIES: u32 = 10;

/// `oom_reap_task` of the revision that runs.
pub fn oom_reap_task(task: Handle<Task>) {
    world(|w| w.revision.oom_reap_task)(task);
}

/// `task->signal->oom_mm` of a victim.
pub fn oom_mm(task: Handle<Task>) -> Handle<Mm> {
    let signal = task.peek(|task| task.signal);
    dereference(read(signal, OOM_MM, |signal| signal.oom_mm), signal.object())
}
