//! `oom_evaluate_task` of v4.9 to v4.15: an earlier victim is waited for until it is given up on.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use crate::memory::{Handle, read};
use crate::mm::MmFlag;
use crate::oom::oom_badness::oom_badness;
use crate::oom::select::{Chosen, OomControl, oom_unkillable_task};
use crate::sync::bits::test_bit;
use crate::task::Task;
use crate::trace::enter;
use crate::trace::noun::OOM_MM;

/// `oom_evaluate_task`.
pub fn oom_evaluate_task(task: Handle<Task>, oc: &mut OomControl) -> bool {
    let _call = enter("oom_evaluate_task");
    if oom_unkillable_task(task) {
        return false;
    }
    let signal = task.peek(|task| task.signal);
    if !oc.by_hand
        && let Some(mm) = read(signal, OOM_MM, |signal| signal.oom_mm)
    {
        if test_bit(mm, MmFlag::OomSkip) {
            return false;
        }
        oc.choose(Chosen::Wait);
        return true;
    }
    let points = oom_badness(task);
    if points > oc.chosen_points {
        oc.choose(Chosen::Process(task));
        oc.chosen_points = points;
    }
    false
}
