//! Tasks: `task_struct`, its flags, and its references.
//!
//! A task's `mm` is cleared only by the task itself, under `task_lock`, before it drops its reference;
//! whoever holds `task_lock` and sees an `mm` knows that it has users. Source: sched.h (`in_vfork`, too) and kernel/fork.c of
//! v4.9 to v4.15.

pub mod free_signal_struct;
mod list;
mod signal;

pub use list::{
    Callback, PROCESS_LIST, ProcessList, attach, boot, call_rcu, detach, find_lock_task_mm,
    find_task_by_vpid, for_each_process, for_each_thread, process_shares_mm, put_task_struct_rcu,
    rcu_read, same_thread_group, tasklist_lock, thread_group_empty,
};
pub use signal::{
    Signal, Tasks, fatal_signal_pending, kill_pid, send_sigkill, start_group_exit,
    tsk_is_oom_victim,
};

use crate::memory::{Assertion, Handle, allocate, free, warn_on};
use crate::mm::Mm;
use crate::page::Frame;
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc};
use crate::sync::bits::Flag;
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::sync::thread::Tid;
use crate::trace::enter;
use crate::trace::noun::{EXIT_STATE, MM, VFORK_DONE};
use crate::world::world;
use std::rc::Rc;

/// `task_struct`.
#[derive(Debug)]
pub struct Task {
    /// `comm`.
    pub name: Rc<str>,
    /// The thread that runs it.
    pub thread: Option<Tid>,
    /// Its process.
    pub signal: Handle<Signal>,
    /// `mm`.
    pub mm: Option<Handle<Mm>>,
    /// `active_mm`: the address space that its CPU has, which a task without one borrows. Nobody else looks at it.
    pub active_mm: Option<Handle<Mm>>,
    /// `alloc_lock`, taken by `task_lock`.
    pub alloc_lock: SpinLock,
    /// Flags.
    pub flags: u32,
    /// `exit_state`.
    pub exit_state: ExitState,
    /// `usage`: references to the structure.
    pub usage: i32,
    /// `tasks`: of a leader, the one behind it on the list of processes. Stays when it is taken off.
    pub tasks: Option<Handle<Task>>,
    /// `real_parent`; none if that is pid 1, which waits for every child at once.
    pub real_parent: Option<Handle<Task>>,
    /// `children`: the leaders of the processes that it started.
    pub children: Vec<Handle<Task>>,
    /// `robust_list`: the page of user memory in which its list of robust futexes begins.
    pub robust_list: Option<u32>,
    /// `clear_child_tid`: the page of user memory to which 0 is stored when it exits.
    pub clear_child_tid: Option<u32>,
    /// `vfork_done`: the thread that called `vfork` waits.
    pub vfork_done: bool,
    /// Whether `wake_up_new_task` has let it run.
    pub started: bool,
    /// `oom_reaper_list`: the next task on the reaper's queue.
    pub oom_reaper_list: Option<Handle<Task>>,
    /// References on address spaces that it took with `get_task_mm`.
    pub pins: Vec<Handle<Mm>>,
    /// The reference behind the address space that a kernel thread borrows.
    pub borrowed: Option<Handle<Mm>>,
    /// Kernel memory that it allocated.
    pub frames: Vec<Frame>,
}

/// How far a task has come with dying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitState {
    /// It has not passed `exit_notify`.
    None,
    /// `EXIT_ZOMBIE`: it waits to be released.
    Zombie,
    /// `EXIT_DEAD`: somebody releases it.
    Dead,
}

/// Flags of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskFlag {
    /// `PF_EXITING`.
    Exiting,
    /// `PF_KTHREAD`.
    Kthread,
    /// `TIF_MEMDIE`.
    Memdie,
    /// SIGKILL is pending.
    Sigkill,
}

impl Flag for TaskFlag {
    type Holder = Task;

    fn name(self) -> &'static str {
        match self {
            TaskFlag::Exiting => "PF_EXITING",
            TaskFlag::Kthread => "PF_KTHREAD",
            TaskFlag::Memdie => "TIF_MEMDIE",
            TaskFlag::Sigkill => "SIGKILL",
        }
    }

    fn bit(self) -> u32 {
        self as u32
    }

    fn word(task: &mut Task) -> &mut u32 {
        &mut task.flags
    }
}

/// The running task. The clock has none, and must not ask.
pub fn current() -> Handle<Task> {
    world(|w| w.current()).expect("only the clock runs without a task")
}

/// A new task of a process, which counts it. The first is the leader.
pub fn new_task(signal: Handle<Signal>, name: Rc<str>, flags: u32) -> Handle<Task> {
    let alloc_lock = SpinLock::new("alloc_lock");
    let task = allocate(Task {
        name,
        thread: None,
        signal,
        mm: None,
        active_mm: None,
        alloc_lock,
        flags,
        exit_state: ExitState::None,
        // One for the running task itself, one for the list of threads until it is released.
        usage: 2,
        tasks: None,
        real_parent: None,
        children: Vec::new(),
        robust_list: None,
        clear_child_tid: None,
        vfork_done: false,
        started: false,
        oom_reaper_list: None,
        pins: Vec::new(),
        borrowed: None,
        frames: Vec::new(),
    });
    world(|w| w.locks.own(alloc_lock, task.object()));
    signal.poke(|signal| signal.add(task));
    task
}

/// `task_lock`.
pub fn task_lock(task: Handle<Task>) {
    spin_lock(task.peek(|task| task.alloc_lock));
}

/// `task_unlock`.
pub fn task_unlock(task: Handle<Task>) {
    spin_unlock(task.peek(|task| task.alloc_lock));
}

/// `get_task_struct`.
pub fn get_task_struct(task: Handle<Task>) {
    atomic_inc(task, "usage", |task| &mut task.usage);
}

/// `put_task_struct`: the last one frees the task, and may free the process's `signal_struct`.
pub fn put_task_struct(task: Handle<Task>) {
    if atomic_dec_and_test(task, "usage", |task| &mut task.usage) {
        let _call = enter("__put_task_struct");
        let lives = task.peek_at(EXIT_STATE, |task| task.exit_state == ExitState::None);
        warn_on(lives, Assertion::EXIT_STATE, task.object());
        let signal = task.peek(|task| task.signal);
        free(task);
        signal::put_signal_struct(signal);
    }
}

/// `in_vfork`: the parent waits in the same address space. The caller holds the task's `task_lock`.
pub fn in_vfork(task: Handle<Task>) -> bool {
    let (vfork_done, mm) = task.peek_at(VFORK_DONE, |task| (task.vfork_done, task.mm));
    let parent = task.peek_at("real_parent", |task| task.real_parent);
    vfork_done && parent.is_some_and(|parent| parent.peek_at(MM, |parent| parent.mm) == mm)
}
