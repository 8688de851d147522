//! Killing: `out_of_memory`, `oom_kill_process`, and who asks without an allocation.
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15. Whoever calls holds `oom_lock`; after a kill the caller sleeps
//! one jiffy with it (until v4.18).

use super::OOM;
use super::reaper::wake_oom_reaper;
use super::select::{
    Chosen, OomControl, announce_kill, is_global_init, oom_badness, select_bad_process,
    task_will_free_mem,
};
use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmdrop, mmgrab};
use crate::sync::bits::{peek_bit, set_bit};
use crate::sync::mutex::{mutex_lock, mutex_trylock, mutex_unlock};
use crate::sync::point::stop;
use crate::sync::rwlock::{read_lock, read_unlock};
use crate::sync::time::schedule_timeout_killable;
use crate::task::{
    Task, TaskFlag, current, find_lock_task_mm, for_each_process, for_each_thread, get_task_struct,
    process_shares_mm, put_task_struct, rcu_read, same_thread_group, send_sigkill, task_lock,
    task_unlock, tasklist_lock,
};
use crate::trace::{What, enter, protocol, record};
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
    let victim = sacrifice_child(leader);
    world(|w| w.revision.kill_process)(victim);
}

/// Until v5.1 a child with an address space of its own dies in the place of its parent. The reference on
/// the parent is dropped as soon as a child is better, while its threads are still being walked (until
/// cefc7ef3c87d, v5.0). What keeps it is that nobody is released while `tasklist_lock` is held, and that who was
/// released before has no threads. A thread that the search of a memory cgroup chose may have been, and the old
/// leader after an exec; there are neither here.
fn sacrifice_child(leader: Handle<Task>) -> Handle<Task> {
    let (mut victim, mut victim_points) = (leader, 0);
    read_lock(tasklist_lock());
    for thread in for_each_thread(leader) {
        for child in thread.peek_at("children", |thread| thread.children.clone()) {
            let mm = leader.peek_at("mm", |leader| leader.mm);
            if mm.is_some_and(|mm| process_shares_mm(child, mm)) {
                continue;
            }
            let points = oom_badness(child);
            if points > victim_points {
                put_task_struct(victim);
                (victim, victim_points) = (child, points);
                get_task_struct(victim);
            }
        }
    }
    read_unlock(tasklist_lock());
    victim
}

/// The end of `oom_kill_process`: kills a process and everybody who shares its address space, and queues
/// it for the reaper. SIGKILL comes before the reserves, so that no more of them are used than it takes
/// to exit. Takes over the reference on the leader.
pub fn kill_v4_9(leader: Handle<Task>) {
    kill(leader, signal_and_mark, send_sigkill);
}

/// Mutant M29: the end of `oom_kill_process`, where the reserves come before SIGKILL.
pub fn kill_m29(leader: Handle<Task>) {
    kill(leader, mark_and_signal, send_sigkill);
}

/// Mutant M30: the end of `oom_kill_process`, where those who share the address space live on.
pub fn kill_m30(leader: Handle<Task>) {
    kill(leader, signal_and_mark, |_| ());
}

fn signal_and_mark(victim: Handle<Task>) {
    send_sigkill(victim);
    mark_oom_victim(victim);
}

fn mark_and_signal(victim: Handle<Task>) {
    mark_oom_victim(victim);
    send_sigkill(victim);
}

fn kill(leader: Handle<Task>, condemn: fn(Handle<Task>), kill_sharer: fn(Handle<Task>)) {
    let Some((victim, mm)) = find_lock_task_mm(leader) else { return put_task_struct(leader) };
    if victim != leader {
        get_task_struct(victim);
        put_task_struct(leader);
    }
    mmgrab(mm);
    announce_kill(mm);
    condemn(victim);
    task_unlock(victim);
    if rcu_read(|| for_each_sharer(victim, mm, kill_sharer)) {
        wake_oom_reaper(victim);
    }
    mmdrop(mm);
    put_task_struct(victim);
}

/// Does it to the other processes that share the address space: whether it can be reaped.
fn for_each_sharer(victim: Handle<Task>, mm: Handle<Mm>, kill: fn(Handle<Task>)) -> bool {
    let mut can_oom_reap = true;
    for p in for_each_process() {
        if !process_shares_mm(p, mm) || same_thread_group(p, victim) {
            continue;
        }
        if is_global_init(p) {
            can_oom_reap = false;
            set_bit(mm, MmFlag::OomSkip);
        } else if !peek_bit(p, TaskFlag::Kthread) {
            kill(p);
        }
    }
    can_oom_reap
}

/// `pagefault_out_of_memory`: kills somebody, unless somebody else is at it. Who is to die itself asks all the
/// same (until 0b28179a6138, v5.16).
pub fn pagefault_out_of_memory() {
    let _call = enter("pagefault_out_of_memory");
    let oom_lock = world(|w| w.oom.oom_lock());
    if mutex_trylock(oom_lock) {
        record(World::ZONE, What::OomRequest { frames: 1, forced: false });
        out_of_memory(Request::Allocation);
        mutex_unlock(oom_lock);
    }
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
