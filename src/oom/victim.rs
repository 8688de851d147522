//! Being a victim: marked, allowed to use reserves, and no longer marked after the address space is gone.
//!
//! Source: mm/oom_kill.c (`mark_oom_victim`, `exit_oom_victim`) and mm/page_alloc.c of v4.9, v4.14, v4.15.

use super::OOM;
use crate::memory::{Handle, dereference, write};
use crate::mm::{Mm, MmFlag, mmdrop, mmgrab};
use crate::page::Watermark;
use crate::sync::bits::{clear_bit, set_bit, test_and_set_bit, test_bit};
use crate::sync::point::{Access, point};
use crate::sync::wait::wake_up;
use crate::task::{Task, TaskFlag, tsk_is_oom_victim};
use crate::trace::{Tracepoint, What, protocol, record};
use crate::world::world;

/// `mark_oom_victim` of v4.9. The caller holds `oom_lock`, and `task_lock` unless it is the task.
pub fn mark_v4_9(task: Handle<Task>) {
    let _call = protocol("mark_oom_victim", task.object());
    mark(task, mmgrab);
}

/// `mark_oom_victim` since v4.15 (4837fe37adff): the address space knows it, too.
pub fn mark_v4_15(task: Handle<Task>) {
    let _call = protocol("mark_oom_victim", task.object());
    mark(task, |mm| {
        mmgrab(mm);
        set_bit(mm, MmFlag::OomVictim);
    });
}

/// Mutant M14: `mark_oom_victim` that does not hold the structure that it remembers.
pub fn mark_m14(task: Handle<Task>) {
    let _call = protocol("mark_oom_victim", task.object());
    mark(task, |mm| set_bit(mm, MmFlag::OomVictim));
}

fn mark(task: Handle<Task>, remembered: fn(Handle<Mm>)) {
    if test_and_set_bit(task, TaskFlag::Memdie) {
        return;
    }
    record(task.object(), What::Marked);
    let (signal, mm) = task.peek_at("mm", |task| (task.signal, task.mm));
    if signal.peek_at("oom_mm", |signal| signal.oom_mm.is_none()) {
        write(signal, "oom_mm", |signal| signal.oom_mm = mm);
        let mm = dereference(mm, task.object());
        record(mm.object(), What::OomMm);
        remembered(mm);
    }
    change_oom_victims(1);
    record(task.object(), What::Trace(Tracepoint::MarkVictim));
}

fn change_oom_victims(delta: i32) -> i32 {
    point(OOM, Access::Update, if delta > 0 { "atomic_inc" } else { "atomic_dec" }, "oom_victims");
    let (old, new) = world(|w| {
        let old = w.oom.victims;
        w.oom.victims += delta;
        w.oom.fewest_victims = w.oom.fewest_victims.min(w.oom.victims);
        (old, w.oom.victims)
    });
    record(OOM, What::Count { old, new });
    new
}

/// `exit_oom_victim`: only the victim itself calls it, after its address space is gone.
pub fn exit_oom_victim_v4_9(task: Handle<Task>) {
    let _call = protocol("exit_oom_victim", task.object());
    unmark(task);
}

/// Mutant M15: `exit_oom_victim` that drops the reference on the address space, which the reaper and the
/// OOM killer still use.
pub fn exit_oom_victim_m15(task: Handle<Task>) {
    let _call = protocol("exit_oom_victim", task.object());
    unmark(task);
    let signal = task.peek(|task| task.signal);
    signal.peek_at("oom_mm", |signal| signal.oom_mm).into_iter().for_each(mmdrop);
}

fn unmark(task: Handle<Task>) {
    clear_bit(task, TaskFlag::Memdie);
    if change_oom_victims(-1) == 0 {
        wake_up(OOM, "oom_victims_wait");
    }
}

/// Reserves of v4.9 to v4.13: the one marked thread may take everything.
pub fn reserve_v4_9(task: Handle<Task>) -> Watermark {
    if test_bit(task, TaskFlag::Memdie) { Watermark::None } else { Watermark::Min }
}

/// Reserves since v4.14 (cd04ae1e2dc8): every thread of a victim may take a part.
pub fn reserve_v4_14(task: Handle<Task>) -> Watermark {
    if tsk_is_oom_victim(task) { Watermark::Oom } else { Watermark::Min }
}
