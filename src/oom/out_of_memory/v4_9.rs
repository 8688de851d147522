//! `out_of_memory` of v4.9 to v4.15: whether waiting makes sense. The caller holds `oom_lock`, and after a kill
//! sleeps one jiffy with it (until v4.18).
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::{OUT_OF_MEMORY, Request, nobody_left};
use crate::oom::OOM;
use crate::oom::mark_oom_victim::mark_oom_victim;
use crate::oom::oom_kill_process::oom_kill_process;
use crate::oom::reaper::wake_oom_reaper;
use crate::oom::select::{Chosen, OomControl, select_bad_process};
use crate::oom::task_will_free_mem::task_will_free_mem;
use crate::sync::time::schedule_timeout_killable;
use crate::task::current;
use crate::trace::protocol;

/// `out_of_memory`.
pub fn out_of_memory(request: Request) -> bool {
    let _call = protocol(OUT_OF_MEMORY, OOM);
    let task = current();
    if task_will_free_mem(task) {
        mark_oom_victim(task);
        wake_oom_reaper(task);
        return true;
    }
    let mut oc = OomControl::new(request == Request::ByHand);
    select_bad_process(&mut oc);
    match oc.chosen {
        Chosen::Wait => true,
        Chosen::Nobody => nobody_left(request),
        Chosen::Process(leader) => {
            oom_kill_process(leader);
            schedule_timeout_killable(1);
            true
        }
    }
}
