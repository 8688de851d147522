//! `oom_reap_task` of v4.9 to v4.15: `MMF_OOM_SKIP` is set in the end, reaped or not.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::{MAX_OOM_REAP_RETRIES, OOM_REAP_TASK, oom_mm};
use crate::memory::{Handle, write};
use crate::mm::MmFlag;
use crate::oom::oom_reap_task_mm::oom_reap_task_mm;
use crate::sync::bits::set_bit;
use crate::sync::time::{HZ, schedule_timeout_idle};
use crate::task::{Task, put_task_struct};
use crate::trace::noun::OOM_REAPER_LIST;
use crate::trace::protocol;

/// `oom_reap_task`.
pub fn oom_reap_task(task: Handle<Task>) {
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
