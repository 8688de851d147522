//! `oom_reap_task`: reaps a victim, or gives it up.
//!
//! A pass only ever tries `mmap_sem`, because whoever holds it may wait for memory; after ten attempts the OOM
//! killer is told not to wait. Source: mm/oom_kill.c of v4.9 to v4.15.

use super::oom_reap_task_mm::oom_reap_task_mm;
use crate::memory::{Handle, dereference, read, write};
use crate::mm::{Mm, MmFlag};
use crate::sync::bits::set_bit;
use crate::sync::time::{HZ, schedule_timeout_idle};
use crate::task::{Task, put_task_struct};
use crate::trace::noun::{OOM_MM, OOM_REAPER_LIST};
use crate::trace::{Function, protocol};
use crate::world::world;

/// `oom_reap_task`, in traces.
pub const OOM_REAP_TASK: Function = Function::new("oom_reap_task");

/// `MAX_OOM_REAP_RETRIES`.
pub const MAX_OOM_REAP_RETRIES: u32 = 10;

/// `oom_reap_task` of the revision that runs.
pub fn oom_reap_task(task: Handle<Task>) {
    world(|w| w.revision.oom_reap_task)(task);
}

/// v4.9 to v4.15: `MMF_OOM_SKIP` is set in the end, reaped or not.
pub fn v4_9(task: Handle<Task>) {
    let _call = protocol(OOM_REAP_TASK, task.object());
    let mm = oom_mm(task);
    for _ in 0..MAX_OOM_REAP_RETRIES {
        if oom_reap_task_mm(task, mm) {
            break;
        }
        schedule_timeout_idle(HZ / 10);
    }
    write(task, OOM_REAPER_LIST, |task| task.oom_reaper_list = None);
    set_bit(mm, MmFlag::OomSkip);
    put_task_struct(task);
}

/// `task->signal->oom_mm` of a victim.
pub fn oom_mm(task: Handle<Task>) -> Handle<Mm> {
    let signal = task.peek(|task| task.signal);
    dereference(read(signal, OOM_MM, |signal| signal.oom_mm), signal.object())
}
