//! Killing: `out_of_memory`, `oom_kill_process`.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15. Whoever calls holds `oom_lock`; after a kill the caller sleeps
//! one jiffy with it (until v4.18).

use super::OOM;
use super::reaper::wake_oom_reaper;
use super::select::{
    Selection, announce_kill, is_kthread, oom_badness, select_bad_process, task_will_free_mem,
};
use crate::memory::{Handle, dereference};
use crate::mm::{Mm, MmFlag, mmdrop, mmgrab};
use crate::sync::bits::set_bit;
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::point::stop;
use crate::sync::time::schedule_timeout_killable;
use crate::task::{
    Signal, Task, current, find_lock_task_mm, get_task_struct, live_threads, process_shares_mm,
    processes, put_task_struct, rcu_read, send_sigkill, task_lock, task_unlock,
};
use crate::trace::{What, protocol, record};
use crate::world::{End, World, world};

/// Who asks for a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// An allocation that cannot go on.
    Allocation,
    /// Somebody, by sysrq-f.
    ByHand,
}

/// `out_of_memory`: whether waiting makes sense. The caller holds `oom_lock`.
pub fn out_of_memory(request: Request) -> bool {
    let _call = protocol("out_of_memory", OOM);
    let task = current();
    if request == Request::Allocation && task_will_free_mem(task) {
        mark_oom_victim(task);
        wake_oom_reaper(task);
        return true;
    }
    match select_bad_process(request == Request::ByHand) {
        Selection::Wait => true,
        Selection::Nobody => nobody_left(request),
        Selection::Chosen(leader) => {
            oom_kill_process(leader);
            schedule_timeout_killable(1);
            true
        }
    }
}

/// `panic("Out of memory and no killable processes...")`; by hand it is only a message.
fn nobody_left(request: Request) -> bool {
    if request == Request::ByHand {
        return false;
    }
    record(OOM, What::OomPanic);
    stop(End::Panic)
}

fn mark_oom_victim(task: Handle<Task>) {
    world(|w| w.revision.mark_oom_victim)(task);
}

/// `oom_kill_process`: the process, or a child that frees more. Takes over the reference on the leader.
fn oom_kill_process(leader: Handle<Task>) {
    let process = leader.peek(|task| task.signal);
    let _call = protocol("oom_kill_process", process.object());
    task_lock(leader);
    if task_will_free_mem(leader) {
        mark_oom_victim(leader);
        wake_oom_reaper(leader);
        task_unlock(leader);
        put_task_struct(leader);
        return;
    }
    task_unlock(leader);
    let victim = rcu_read(|| sacrifice_child(leader));
    world(|w| w.revision.kill_process)(victim.peek(|task| task.signal));
    put_task_struct(victim);
}

/// Until v4.20 a child with an address space of its own dies in the place of its parent.
fn sacrifice_child(leader: Handle<Task>) -> Handle<Task> {
    let parent = leader.peek(|task| task.signal);
    let (mut victim, mut most) = (leader, 0);
    for child in processes() {
        let is_child = child.peek_at("parent", |child| child.parent) == Some(parent);
        let thread = live_threads(child).first().copied();
        if let Some(thread) = thread.filter(|_| is_child && !shares_with(child, leader)) {
            let points = oom_badness(child);
            if points > most {
                (victim, most) = (thread, points);
            }
        }
    }
    if victim != leader {
        get_task_struct(victim);
        put_task_struct(leader);
    }
    victim
}

fn shares_with(child: Handle<Signal>, leader: Handle<Task>) -> bool {
    leader.peek_at("mm", |task| task.mm).is_some_and(|mm| process_shares_mm(child, mm))
}

/// The end of `oom_kill_process`: kills a process and everybody who shares its address space, and queues
/// it for the reaper. SIGKILL comes before the reserves, so that no more of them are used than it takes
/// to exit.
pub fn kill_v4_9(process: Handle<Signal>) {
    kill(process, signal_and_mark, send_sigkill);
}

/// Mutant M29: the end of `oom_kill_process`, where the reserves come before SIGKILL.
pub fn kill_m29(process: Handle<Signal>) {
    kill(process, mark_and_signal, send_sigkill);
}

/// Mutant M30: the end of `oom_kill_process`, where those who share the address space live on.
pub fn kill_m30(process: Handle<Signal>) {
    kill(process, signal_and_mark, |_| ());
}

fn signal_and_mark(victim: Handle<Task>) {
    send_sigkill(victim.peek(|task| task.signal));
    mark_oom_victim(victim);
}

fn mark_and_signal(victim: Handle<Task>) {
    mark_oom_victim(victim);
    send_sigkill(victim.peek(|task| task.signal));
}

fn kill(process: Handle<Signal>, condemn: fn(Handle<Task>), kill_sharer: fn(Handle<Signal>)) {
    let Some(victim) = find_lock_task_mm(process) else { return };
    let mm = dereference(victim.peek_at("mm", |task| task.mm), victim.object());
    get_task_struct(victim);
    mmgrab(mm);
    announce_kill(mm);
    condemn(victim);
    task_unlock(victim);
    if rcu_read(|| for_each_sharer(process, mm, kill_sharer)) {
        wake_oom_reaper(victim);
    }
    mmdrop(mm);
    put_task_struct(victim);
}

/// Does it to the other processes that share the address space: whether it can be reaped.
fn for_each_sharer(process: Handle<Signal>, mm: Handle<Mm>, kill: fn(Handle<Signal>)) -> bool {
    let mut can_reap = true;
    for other in processes() {
        if other == process || !process_shares_mm(other, mm) {
            continue;
        }
        if other.peek(|signal| signal.is_init) {
            can_reap = false;
            set_bit(mm, MmFlag::OomSkip);
        } else if !is_kthread(other) {
            kill(other);
        }
    }
    can_reap
}

/// `moom_callback`: sysrq-f.
pub fn sysrq_f() {
    let _call = protocol("moom_callback", OOM);
    let oom_lock = world(|w| w.oom.oom_lock());
    mutex_lock(oom_lock);
    record(World::ZONE, What::OomRequest { frames: 1, forced: true });
    out_of_memory(Request::ByHand);
    mutex_unlock(oom_lock);
}
