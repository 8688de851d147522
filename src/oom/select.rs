//! Choosing a victim: badness, and what stops the search.
//!
//! Source: mm/oom_kill.c (`oom_badness`, `oom_evaluate_task`, `task_will_free_mem`) of v4.9 to v4.15.
//! Without swap, cpusets and memory cgroups.

use super::OOM;
use crate::memory::{Handle, read};
use crate::mm::{Mm, MmFlag};
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{peek_bit, test_bit};
use crate::syscall::vfork::in_vfork;
use crate::task::{
    Task, TaskFlag, find_lock_task_mm, for_each_process, get_task_struct, process_shares_mm,
    put_task_struct, rcu_read, same_thread_group, task_unlock, thread_group_empty,
};
use crate::trace::{What, enter, protocol, record};
use crate::world::world;

/// `OOM_SCORE_ADJ_MIN`: never killed.
pub const OOM_SCORE_ADJ_MIN: i16 = -1000;

/// `oom_control`: a search for a victim, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomControl {
    /// Whether somebody asked by hand (`order == -1`), who does not wait for earlier victims.
    pub by_hand: bool,
    /// `chosen`.
    pub chosen: Chosen,
    /// `chosen_points`.
    pub chosen_points: i32,
}

/// What a search has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Nobody.
    Nobody,
    /// The leader of this process, with a reference.
    Process(Handle<Task>),
    /// An earlier victim, which is still expected to free its memory (`-1`).
    Wait,
}

impl OomControl {
    /// A search that has not begun.
    pub fn new(by_hand: bool) -> Self {
        OomControl { by_hand, chosen: Chosen::Nobody, chosen_points: 0 }
    }

    /// Another choice takes the place of the one before, whose reference is dropped.
    fn choose(&mut self, chosen: Chosen) {
        if let Chosen::Process(former) = self.chosen {
            put_task_struct(former);
        }
        if let Chosen::Process(task) = chosen {
            get_task_struct(task);
        }
        self.chosen = chosen;
    }
}

/// `select_bad_process`.
pub fn select_bad_process(oc: &mut OomControl) {
    let _call = protocol("select_bad_process", OOM);
    rcu_read(|| _ = for_each_process().find(|&p| world(|w| w.revision.oom_evaluate_task)(p, oc)));
}

/// Judges the process of a leader for a search: whether the search is over.
pub type OomEvaluateTask = fn(Handle<Task>, &mut OomControl) -> bool;

/// `oom_evaluate_task`: an earlier victim is waited for until it is given up on.
pub fn evaluate_v4_9(task: Handle<Task>, oc: &mut OomControl) -> bool {
    let _call = enter("oom_evaluate_task");
    evaluate(task, oc, |mm| !test_bit(mm, MmFlag::OomSkip))
}

/// Mutant M26: `oom_evaluate_task` that waits for every earlier victim.
pub fn evaluate_m26(task: Handle<Task>, oc: &mut OomControl) -> bool {
    let _call = enter("oom_evaluate_task");
    evaluate(task, oc, |_| true)
}

fn evaluate(task: Handle<Task>, oc: &mut OomControl, awaits: fn(Handle<Mm>) -> bool) -> bool {
    if oom_unkillable_task(task) {
        return false;
    }
    let signal = task.peek(|task| task.signal);
    if !oc.by_hand
        && let Some(mm) = read(signal, "oom_mm", |signal| signal.oom_mm)
    {
        let is_over = awaits(mm);
        if is_over {
            oc.choose(Chosen::Wait);
        }
        return is_over;
    }
    let points = oom_badness(task);
    if points > oc.chosen_points {
        oc.choose(Chosen::Process(task));
        oc.chosen_points = points;
    }
    false
}

/// `oom_unkillable_task`: pid 1 and kernel threads.
pub fn oom_unkillable_task(task: Handle<Task>) -> bool {
    is_global_init(task) || peek_bit(task, TaskFlag::Kthread)
}

/// `is_global_init`.
pub fn is_global_init(task: Handle<Task>) -> bool {
    task.peek(|task| task.signal).peek(|signal| signal.is_init)
}

/// `oom_badness` of the revision that runs.
pub fn oom_badness(task: Handle<Task>) -> i32 {
    world(|w| w.revision.oom_badness)(task)
}

/// `oom_badness`: resident pages, page tables (v4.15 reads the sum of what was counted by levels before) and
/// the adjustment; 0 means never. No process of a case is root's, so that none gets the bonus of three percent
/// that those had until v4.16.
pub fn badness_v4_9(task: Handle<Task>) -> i32 {
    badness(task, |mm| test_bit(mm, MmFlag::OomSkip))
}

/// Mutant M27: `oom_badness` for which address spaces that were given up on are like any other.
pub fn badness_m27(task: Handle<Task>) -> i32 {
    badness(task, |_| false)
}

fn badness(task: Handle<Task>, given_up: fn(Handle<Mm>) -> bool) -> i32 {
    if oom_unkillable_task(task) {
        return 0;
    }
    let Some((task, mm)) = find_lock_task_mm(task) else { return 0 };
    let adj = task.peek(|task| task.signal).peek(|signal| signal.oom_score_adj);
    if adj == OOM_SCORE_ADJ_MIN || given_up(mm) || in_vfork(task) {
        task_unlock(task);
        return 0;
    }
    let points = mm.peek_at("rss", |mm| mm.rss)
        + mm.peek_at("nr_ptes", |mm| mm.nr_ptes)
        + mm.peek_at("nr_pmds", |mm| mm.nr_pmds);
    task_unlock(task);
    let total = i32::from(world(|w| w.zone.total()));
    (points + i32::from(adj) * total / 1000).max(1)
}

/// `__task_will_free_mem`: whether the whole process is on its way out.
fn group_will_free_mem(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    read(signal, "flags", |signal| signal.group_exit)
        || (thread_group_empty(task) && test_bit(task, TaskFlag::Exiting))
}

/// `task_will_free_mem` of the revision that runs.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
    world(|w| w.revision.task_will_free_mem)(task)
}

/// `task_will_free_mem` (1af8bb432695): the task and everybody who shares its address space are on
/// their way out, and the memory has not been given up on. The caller keeps the task's `mm` stable.
pub fn will_free_v4_9(task: Handle<Task>) -> bool {
    let _call = enter("task_will_free_mem");
    let Some(mm) = task.peek_at("mm", |task| task.mm) else { return false };
    if !group_will_free_mem(task) || test_bit(mm, MmFlag::OomSkip) {
        return false;
    }
    if atomic_read(mm, "mm_users", |mm| &mut mm.users) <= 1 {
        return true;
    }
    let will_free = |p: Handle<Task>| {
        !process_shares_mm(p, mm) || same_thread_group(task, p) || group_will_free_mem(p)
    };
    rcu_read(|| for_each_process().all(will_free))
}

/// Mutant M10: `task_will_free_mem` that looks at the task alone, as before 1af8bb432695 (v4.8).
pub fn will_free_m10(task: Handle<Task>) -> bool {
    let _call = enter("task_will_free_mem");
    let mm = task.peek_at("mm", |task| task.mm);
    mm.is_some_and(|mm| test_bit(task, TaskFlag::Exiting) && !test_bit(mm, MmFlag::OomSkip))
}

/// Says which address space a kill is about, for the log.
pub fn announce_kill(mm: Handle<Mm>) {
    record(mm.object(), What::Kill);
}
