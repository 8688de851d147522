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
        match evaluate(process, by_hand) {
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

enum Verdict {
    Next,
    Abort,
    Points(i32),
}

/// `oom_evaluate_task`.
fn evaluate(process: Handle<Signal>, by_hand: bool) -> Verdict {
    let _call = enter("oom_evaluate_task");
    if live_threads(process).is_empty() || is_unkillable(process) {
        return Verdict::Next;
    }
    if let Some(mm) = read(process, "oom_mm", |signal| signal.oom_mm)
        && !by_hand
    {
        let skip = test_bit(mm, MmFlag::OomSkip);
        return if skip { Verdict::Next } else { Verdict::Abort };
    }
    match badness(process) {
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

/// `oom_badness`: resident pages and the adjustment; 0 means never.
pub fn badness(process: Handle<Signal>) -> i32 {
    if live_threads(process).is_empty() || is_unkillable(process) {
        return 0;
    }
    let Some(task) = find_lock_task_mm(process) else { return 0 };
    let (adj, vfork) =
        process.peek_at("in_vfork", |signal| (signal.oom_score_adj, signal.in_vfork));
    let excluded = adj == OOM_SCORE_ADJ_MIN || vfork || task_skips(task);
    let points = task.peek_at("mm", |task| task.mm).map_or(0, |mm| mm.peek_at("rss", |mm| mm.rss));
    task_unlock(task);
    if excluded {
        return 0;
    }
    let total = i32::from(world(|w| w.zone.total()));
    (points + i32::from(adj) * total / 1000).max(1)
}

fn task_skips(task: Handle<Task>) -> bool {
    task.peek_at("mm", |task| task.mm).is_some_and(|mm| test_bit(mm, MmFlag::OomSkip))
}

/// `__task_will_free_mem`: whether the whole process is on its way out.
fn group_is_exiting(process: Handle<Signal>) -> bool {
    read(process, "flags", |signal| signal.group_exit) || single_thread_exits(process)
}

fn single_thread_exits(process: Handle<Signal>) -> bool {
    let threads = live_threads(process);
    threads.len() == 1 && test_bit(threads[0], TaskFlag::Exiting)
}

/// `task_will_free_mem` (1af8bb432695): the task and everybody who shares its address space are on
/// their way out, and the memory has not been given up on. The caller keeps the task's `mm` stable.
pub fn task_will_free_mem(task: Handle<Task>) -> bool {
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

/// Says which address space a kill is about, for the log.
pub fn announce_kill(mm: Handle<Mm>) {
    record(mm.object(), What::Kill);
}
