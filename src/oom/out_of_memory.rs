//! `out_of_memory`: the OOM killer's front door.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use super::OOM;
use super::mark_oom_victim::mark_oom_victim;
use super::oom_kill_process::oom_kill_process;
use super::reaper::wake_oom_reaper;
use super::select::{Chosen, OomControl, select_bad_process};
use super::task_will_free_mem::task_will_free_mem;
use crate::sync::point::stop;
use crate::sync::time::schedule_timeout_killable;
use crate::task::current;
use crate::trace::{Function, Role, What, protocol, record};
use crate::world::{End, world};

/// `out_of_memory`, in traces.
pub const OUT_OF_MEMORY: Function = Function::acting("out_of_memory", Role::OomKiller);

/// Who asks for a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// An allocation that cannot go on.
    Allocation,
    /// Somebody, by sysrq-f.
    ByHand,
}

/// `out_of_memory` of the revision that runs.
pub fn out_of_memory(request: Request) -> bool {
    world(|w| w.revision.out_of_memory)(request)
}

/// v4.9 to v4.15: whether waiting makes sense. The caller holds `oom_lock`, and after a kill sleeps one jiffy with
/// it (until v4.18).
pub fn v4_9(request: Request) -> bool {
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

/// `panic("Out of memory and no killable processes...")`; by hand it is only a message.
pub fn nobody_left(request: Request) -> bool {
    if request == Request::ByHand {
        return false;
    }
    record(OOM, What::OomPanic);
    stop(End::Panic)
}
