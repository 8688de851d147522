//! `do_exit`: a thread dies, first its address space, then its files, then itself.
//!
//! Source: kernel/exit.c of v4.9 to v4.15. Not modelled: core dumps, `mm->owner`.

use super::exit_notify::exit_notify;
use super::fork::mmput;
use super::mm_release::mm_release;
use crate::memory::{Assertion, Handle, bug_on, write};
use crate::mm::{mmap_sem, mmdrop, mmgrab, secondary, tlb};
use crate::oom::exit_oom_victim::exit_oom_victim;
use crate::page::free_pages;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::bits::{peek_bit, set_bit};
use crate::sync::point::{Access, point};
use crate::sync::rwsem::{down_read, up_read};
use crate::task::{
    Signal, Task, TaskFlag, current, put_task_struct, start_group_exit, task_lock, task_unlock,
    thread_group_empty,
};
use crate::trace::noun::{ACTIVE_MM, FRAMES, MM, PINS};
use crate::trace::{EventKind, Function, Role, enter, protocol, record};

/// `exit_mm`, in traces.
pub const EXIT_MM: Function = Function::acting("exit_mm", Role::ExitPath);

/// `do_exit` of the running thread; it must not run user operations afterwards.
pub fn do_exit() {
    let task = current();
    let _call = protocol("do_exit", task.object());
    set_bit(task, TaskFlag::Exiting);
    let signal = task.peek(|task| task.signal);
    atomic_dec_and_test(signal, "live", |signal| &mut signal.live);
    exit_mm(task);
    exit_files(task);
    exit_notify(task);
    finish_task_switch(task);
    crate::sync::lock::held_at_exit();
    record(task.object(), EventKind::Exited);
    put_task_struct(task);
}

/// `do_group_exit`: the other threads of the process, if there are any, get SIGKILL, then this one exits.
pub fn do_group_exit() {
    let task = current();
    let _call = enter("do_group_exit");
    if !thread_group_empty(task) {
        start_group_exit(task);
    }
    do_exit();
}

/// `exit_mm`: lets go of the address space, and borrows it lazily (`active_mm`).
fn exit_mm(task: Handle<Task>) {
    let Some(mm) = task.peek_at(MM, |task| task.mm) else { return };
    let _call = protocol(EXIT_MM, mm.object());
    mm_release(task, mm);
    down_read(mmap_sem(mm));
    mmgrab(mm);
    let is_active = task.peek_at(ACTIVE_MM, |task| task.active_mm == Some(mm));
    bug_on(!is_active, Assertion::ACTIVE_MM, mm.object());
    task_lock(task);
    write(task, MM, |task| task.mm = None);
    up_read(mmap_sem(mm));
    tlb::enter_lazy_tlb(mm);
    task_unlock(task);
    mmput(mm);
    if peek_bit(task, TaskFlag::Memdie) {
        exit_oom_victim(task);
    }
}

/// The idle task takes over, and drops the address space that was borrowed lazily.
fn finish_task_switch(task: Handle<Task>) {
    if let Some(mm) = task.poke_at(ACTIVE_MM, |task| task.active_mm.take()) {
        let _call = enter("finish_task_switch");
        mmdrop(mm);
    }
}

/// `exit_files` and what else a dying task holds: open /proc files, kernel memory.
fn exit_files(task: Handle<Task>) {
    let _call = enter("exit_files");
    while let Some(mm) = task.poke_at(PINS, |task| task.pins.pop()) {
        mmput(mm);
    }
    let frames = task.poke_at(FRAMES, |task| std::mem::take(&mut task.frames));
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
