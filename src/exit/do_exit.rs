//! `do_exit`: a thread dies, first its address space, then its files, then itself.
//!
//! Source: kernel/exit.c and kernel/fork.c (`mm_release`) of v4.9 to v4.15. Not modelled: robust futexes,
//! `clear_child_tid`, core dumps, `mm->owner`.

use super::fork::mmput;
use crate::memory::Handle;
use crate::mm::{Mm, mmap_sem, mmdrop, mmgrab, secondary, tlb};
use crate::page::free_pages;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::bits::{peek_bit, set_bit};
use crate::sync::point::{Access, point};
use crate::sync::rwsem::{down_read, up_read};
use crate::sync::wait::{complete, wait_event_killable};
use crate::task::{
    PROCESS_LIST, Signal, TASKS, Task, TaskFlag, current, is_listed, listed, put_task_struct,
    put_task_struct_rcu, task_lock, task_unlock, zap_threads,
};
use crate::trace::{What, enter, protocol, record};
use crate::world::world;

/// `do_exit` of the running thread; it must not run user operations afterwards.
pub fn do_exit() {
    let task = current();
    let _call = protocol("do_exit", task.object());
    set_bit(task, TaskFlag::Exiting);
    let signal = task.peek(|task| task.signal);
    atomic_dec_and_test(signal, "live", |signal| &mut signal.live);
    let lazy = exit_mm(task);
    exit_files(task);
    exit_notify(task, signal);
    if let Some(mm) = lazy {
        finish_task_switch(mm);
    }
    crate::sync::lock::held_at_exit();
    record(task.object(), What::Exited);
    put_task_struct(task);
}

/// `do_group_exit`: the other threads of the process get SIGKILL, then this one exits.
pub fn do_group_exit() {
    let task = current();
    let _call = enter("do_group_exit");
    zap_threads(task.peek(|task| task.signal), Some(task));
    do_exit();
}

/// `exit_mm`: lets go of the address space, and returns it as the lazily borrowed one.
fn exit_mm(task: Handle<Task>) -> Option<Handle<Mm>> {
    let mm = task.peek_at("mm", |task| task.mm)?;
    let _call = protocol("exit_mm", mm.object());
    mm_release(task);
    down_read(mmap_sem(mm));
    mmgrab(mm);
    task_lock(task);
    crate::memory::write(task, "mm", |task| task.mm = None);
    up_read(mmap_sem(mm));
    tlb::enter_lazy_tlb(mm);
    task_unlock(task);
    mmput(mm);
    if peek_bit(task, TaskFlag::Memdie) {
        world(|w| w.revision.exit_oom_victim)(task);
    }
    Some(mm)
}

/// `mm_release`: a parent that waits in vfork goes on.
fn mm_release(task: Handle<Task>) {
    let signal = task.peek(|task| task.signal);
    if signal.peek_at("in_vfork", |signal| signal.in_vfork) {
        let _call = enter("complete_vfork_done");
        complete(signal.object(), "vfork_done", || {
            signal.poke_at("in_vfork", |signal| signal.in_vfork = false);
        });
    }
}

/// The idle task takes over, and drops the address space that was borrowed lazily.
fn finish_task_switch(mm: Handle<Mm>) {
    let _call = enter("finish_task_switch");
    mmdrop(mm);
}

/// `exit_files` and what else a dying task holds: open /proc files, kernel memory.
fn exit_files(task: Handle<Task>) {
    let _call = enter("exit_files");
    while let Some(mm) = task.poke_at("pins", |task| task.pins.pop()) {
        mmput(mm);
    }
    let frames = task.poke_at("frames", |task| std::mem::take(&mut task.frames));
    free_pages(&frames);
    close_files(task.peek(|task| task.signal));
}

/// `close_files`: the last thread of a process lets go of the secondary MMUs that it has open.
fn close_files(signal: Handle<Signal>) {
    if !signal.peek_at("files", |signal| signal.files.is_empty())
        && atomic_dec_and_test(signal, "files_count", |signal| &mut signal.files_count)
    {
        point(signal.object(), Access::Update, "close", "files");
        let files = signal.poke_at("files", |signal| std::mem::take(&mut signal.files));
        files.into_iter().for_each(secondary::put);
    }
}

/// `exit_notify`: the last thread makes the process a zombie, or releases it if nobody waits.
fn exit_notify(task: Handle<Task>, signal: Handle<Signal>) {
    let _call = enter("exit_notify");
    let waited_for = signal.peek_at("parent", |signal| signal.parent.is_some());
    let leader = signal.peek_at("thread_list", |signal| signal.threads.first() == Some(&task));
    let last = signal.poke_at("unnotified", |signal| {
        signal.unnotified -= 1;
        signal.unnotified == 0
    });
    if !leader {
        release_task(task, signal);
    }
    if last {
        forget_children(signal);
    }
    if last && !waited_for {
        release_leader(signal);
    } else if last {
        complete(signal.object(), "zombie", || {
            signal.poke_at("zombie", |signal| signal.zombie = true);
        });
    }
}

/// Children of a dead process are init's, which reaps them at once.
fn forget_children(signal: Handle<Signal>) {
    let orphans = listed();
    for child in orphans {
        let ours =
            is_listed(child) && child.peek_at("parent", |child| child.parent) == Some(signal);
        if ours {
            child.poke_at("parent", |child| child.parent = None);
            if child.peek_at("zombie", |child| child.zombie) {
                release_leader(child);
            }
        }
    }
}

/// `release_task` for the leader, with which the process leaves the list; only the first who comes does
/// it.
fn release_leader(signal: Handle<Signal>) {
    point(PROCESS_LIST, Access::Write, "list_del", TASKS);
    if is_listed(signal) {
        world(|w| w.oom.processes.retain(|&other| other != signal));
        let leader = signal.peek_at("thread_list", |signal| signal.threads.first().copied());
        leader.into_iter().for_each(|leader| release_task(leader, signal));
    }
}

fn release_task(task: Handle<Task>, signal: Handle<Signal>) {
    let _call = enter("release_task");
    signal.poke_at("thread_list", |signal| signal.threads.retain(|other| *other != task));
    put_task_struct_rcu(task);
}

/// `wait4`: sleeps until the child is a zombie, and releases it unless another thread did.
pub fn sys_wait4(child: Handle<Signal>) {
    let _call = enter("do_wait");
    let gone = || !is_listed(child) || child.peek_at("zombie", |child| child.zombie);
    let parent = current().peek(|task| task.signal);
    let ours = is_listed(child) && child.peek_at("parent", |child| child.parent) == Some(parent);
    if ours && wait_event_killable(child.object(), "zombie", gone) {
        release_leader(child);
    }
}
