//! Choosing a victim: badness, and what stops the search.
//!
//! Source: mm/oom_kill.c (`oom_badness`, `oom_evaluate_task`, `task_will_free_mem`) of v4.9 to v4.15.
//! Without swap, cpusets and memory cgroups.

use super::OOM;
use crate::memory::{Handle, read};
use crate::mm::{Mm, MmFlag};
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{peek_bit, test_bit};
use crate::task::{
    Signal, Task, TaskFlag, find_lock_task_mm, get_task_struct, live_threads, process_shares_mm,
    processes, rcu_read, task_unlock,
};
use crate::trace::{What, enter, protocol, record};
use crate::world::world;

/// `OOM_SCORE_ADJ_MIN`: never killed.
pub const OOM_SCORE_ADJ_MIN: i16 = -1000;

/// What a search ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The leader of this process, with a reference.
    Chosen(Handle<Task>),
    /// An earlier victim is still expected to free its memory.
    Wait,
    /// Nobody is left.
    Nobody,
}

/// `select_bad_process`. A search by hand does not wait for earlier victims.
pub fn select_bad_process(by_hand: bool) -> Selection {
    let _call = protocol("select_bad_process", OOM);
    rcu_read(|| search(by_hand))
}

fn search(by_hand: bool) -> Selection {
    let mut chosen = None;
    let mut most = 0;
    for process in processes() {
        match world(|w| w.revision.oom_evaluate_task)(process, by_hand) {
            Verdict::Next => {}
            Verdict::Abort => return Selection::Wait,
            Verdict::Points(points) if points > most => (chosen, most) = (Some(process), points),
            Verdict::Points(_) => {}
        }
    }
    match chosen.and_then(|process| live_threads(process).first().copied()) {
        Some(leader) => {
            get_task_struct(leader);
            Selection::Chosen(leader)
        }
        None => Selection::Nobody,
    }
}

/// What a search makes of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It cannot be chosen.
    Next,
    /// The search is over: it is an earlier victim that is waited for.
    Abort,
    /// It can be chosen, and this much speaks for it.
    Points(i32),
}

/// Judges a process for a search, which is by hand or not.
pub type OomEvaluateTask = fn(Handle<Signal>, bool) -> Verdict;

/// `oom_evaluate_task`: an earlier victim is waited for until it is given up on.
pub fn evaluate_v4_9(process: Handle<Signal>, by_hand: bool) -> Verdict {
    let _call = enter("oom_evaluate_task");
    evaluate(process, by_hand, |mm| {
        if test_bit(mm, MmFlag::OomSkip) { Verdict::Next } else { Verdict::Abort }
    })
}

/// Mutant M26: `oom_evaluate_task` that waits for every earlier victim.
pub fn evaluate_m26(process: Handle<Signal>, by_hand: bool) -> Verdict {
    let _call = enter("oom_evaluate_task");
    evaluate(process, by_hand, |_| Verdict::Abort)
}

fn evaluate(process: Handle<Signal>, by_hand: bool, victim: fn(Handle<Mm>) -> Verdict) -> Verdict {
    if live_threads(process).is_empty() || is_unkillable(process) {
        return Verdict::Next;
    }
    if let Some(mm) = read(process, "oom_mm", |signal| signal.oom_mm)
        && !by_hand
    {
        return victim(mm);
    }
    match oom_badness(process) {
        0 => Verdict::Next,
        points => Verdict::Points(points),
    }
}

/// `oom_unkillable_task`: pid 1 and kernel threads.
pub fn is_unkillable(process: Handle<Signal>) -> bool {
    process.peek(|signal| signal.is_init) || is_kthread(process)
}

/// Whether the process is a kernel thread.
pub fn is_kthread(process: Handle<Signal>) -> bool {
    live_threads(process).iter().any(|&task| peek_bit(task, TaskFlag::Kthread))
}

/// `oom_badness` of the revision that runs.
pub fn oom_badness(process: Handle<Signal>) -> i32 {
    world(|w| w.revision.oom_badness)(process)
}

/// `oom_badness`: resident pages and the adjustment; 0 means never.
pub fn badness_v4_9(process: Handle<Signal>) -> i32 {
    badness(process, |mm| test_bit(mm, MmFlag::OomSkip))
}

/// Mutant M27: `oom_badness` for which address spaces that were given up on are like any other.
pub fn badness_m27(process: Handle<Signal>) -> i32 {
    badness(process, |_| false)
}

fn badness(process: Handle<Signal>, given_up: fn(Handle<Mm>) -> bool) -> i32 {
    if live_threads(process).is_empty() || is_unkillable(process) {
        return 0;
    }
    let Some(task) = find_lock_task_mm(process) else { return 0 };
    let (adj, vfork) =
        process.peek_at("in_vfork", |signal| (signal.oom_score_adj, signal.in_vfork));
    let mm = task.peek_at("mm", |task| task.mm);
    let excluded = adj == OOM_SCORE_ADJ_MIN || vfork || mm.is_some_and(given_up);
    let points = mm.map_or(0, |mm| mm.peek_at("rss", |mm| mm.rss));
    task_unlock(task);
    if excluded {
        return 0;
    }
    let total = i32::from(world(|w| w.zone.total()));
    (points + i32::from(adj) * total / 1000).max(1)
}

/// `__task_will_free_mem`: whether the whole process is on its way out.
fn group_is_exiting(process: Handle<Signal>) -> bool {
    read(process, "flags", |signal| signal.group_exit) || single_thread_exits(process)
}

fn single_thread_exits(process: Handle<Signal>) -> bool {
    let threads = live_threads(process);
    threads.len() == 1 && test_bit(threads[0], TaskFlag::Exiting)
}

/// `task_will_free_mem` of the revision that runs.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
    world(|w| w.revision.task_will_free_mem)(task)
}

/// `task_will_free_mem` (1af8bb432695): the task and everybody who shares its address space are on
/// their way out, and the memory has not been given up on. The caller keeps the task's `mm` stable.
pub fn will_free_v4_9(task: Handle<Task>) -> bool {
    let _call = enter("task_will_free_mem");
    let (mm, signal) = task.peek_at("mm", |task| (task.mm, task.signal));
    let Some(mm) = mm else { return false };
    if !group_is_exiting(signal) || test_bit(mm, MmFlag::OomSkip) {
        return false;
    }
    if atomic_read(mm, "mm_users", |mm| &mut mm.users) <= 1 {
        return true;
    }
    rcu_read(|| {
        let mut others = processes().into_iter().filter(|&other| other != signal);
        others.all(|other| !process_shares_mm(other, mm) || group_is_exiting(other))
    })
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
