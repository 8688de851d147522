//! Tasks and processes: `task_struct`, `signal_struct`, signals, and the list of processes.
//!
//! A task's `mm` is cleared only by the task itself, under `task_lock`, before it drops its reference;
//! whoever holds `task_lock` and sees an `mm` knows that it has users. Source: sched.h, kernel/signal.c
//! and kernel/exit.c of v4.9 to v4.15.

use crate::memory::{Handle, Object, Slab, allocate, free};
use crate::mm::Mm;
use crate::mm::secondary::SecondaryMmu;
use crate::page::Frame;
use crate::sync::atomic::{atomic_dec_and_test, atomic_inc};
use crate::sync::bits::{Flag, peek_bit};
use crate::sync::point::{Access, point};
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::sync::thread::{Tid, wake_killable};
use crate::trace::{Kind, ObjectRef, What, enter, record};
use crate::workqueue::{Work, mmdrop_async, schedule_work};
use crate::world::{World, world};
use smallvec::SmallVec;
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
    /// `alloc_lock`, taken by `task_lock`.
    pub alloc_lock: SpinLock,
    /// Flags.
    pub flags: u32,
    /// `usage`: references to the structure.
    pub usage: i32,
    /// `oom_reaper_list`: the next task on the reaper's queue.
    pub oom_reaper_list: Option<Handle<Task>>,
    /// References on address spaces that it took with `get_task_mm`.
    pub pins: Vec<Handle<Mm>>,
    /// The reference behind the address space that a kernel thread borrows.
    pub borrowed: Option<Handle<Mm>>,
    /// Kernel memory that it allocated.
    pub frames: Vec<Frame>,
}

impl Object for Task {
    const KIND: Kind = Kind::Task;

    fn slab(world: &mut World) -> &mut Slab<Self> {
        &mut world.tasks
    }
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

/// `signal_struct`, which stands for the process.
#[derive(Debug)]
pub struct Signal {
    /// The process's name.
    pub name: Rc<str>,
    /// Threads that have not left the process, leader first.
    pub threads: Tasks,
    /// `live`: threads that have not begun to exit.
    pub live: i32,
    /// Threads that have not passed `exit_notify`.
    pub unnotified: i32,
    /// `sigcnt`: references to the structure.
    pub sigcnt: i32,
    /// `SIGNAL_GROUP_EXIT`.
    pub group_exit: bool,
    /// `oom_mm`: the address space with which it became an OOM victim.
    pub oom_mm: Option<Handle<Mm>>,
    /// `oom_score_adj`.
    pub oom_score_adj: i16,
    /// The process that waits for it; none if it is reaped at once.
    pub parent: Option<Handle<Signal>>,
    /// Whether it is pid 1.
    pub is_init: bool,
    /// Whether it borrows its parent's address space, and the parent waits.
    pub in_vfork: bool,
    /// Whether it is dead and waits to be released.
    pub zombie: bool,
    /// `files`: secondary MMUs that it has open.
    pub files: Vec<Handle<SecondaryMmu>>,
    /// Threads that use these files.
    pub files_count: i32,
}

/// Tasks of one process. Few have more than four; their lists are copied all the time, so those of others
/// need no memory of their own.
pub type Tasks = SmallVec<[Handle<Task>; 4]>;

/// Processes of a machine, as somebody saw them who went on to something else.
pub type Processes = SmallVec<[Handle<Signal>; 16]>;

impl Object for Signal {
    const KIND: Kind = Kind::Signal;

    fn slab(world: &mut World) -> &mut Slab<Self> {
        &mut world.signals
    }
}

/// The list of processes, as an object of events.
pub const PROCESS_LIST: ObjectRef = ObjectRef::sole(Kind::ProcessList);

/// What is on the list.
pub const TASKS: &str = "tasks";

/// The read sections that walk it.
const RCU: &str = "rcu";

/// The running task. The clock has none, and must not ask.
pub fn current() -> Handle<Task> {
    world(|w| w.current()).expect("only the clock runs without a task")
}

/// A new task of a process, which counts it.
pub fn new_task(signal: Handle<Signal>, name: Rc<str>, flags: u32) -> Handle<Task> {
    let alloc_lock = SpinLock::new("alloc_lock");
    let task = allocate(Task {
        name,
        thread: None,
        signal,
        mm: None,
        alloc_lock,
        flags,
        // One for the running task itself, one for the list of threads until it is released.
        usage: 2,
        oom_reaper_list: None,
        pins: Vec::new(),
        borrowed: None,
        frames: Vec::new(),
    });
    world(|w| w.locks.own(alloc_lock.0, task.object()));
    signal.poke(|signal| {
        signal.threads.push(task);
        signal.live += 1;
        signal.unnotified += 1;
        signal.sigcnt += 1;
        signal.files_count += 1;
    });
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
        let signal = task.peek(|task| task.signal);
        free(task);
        put_signal_struct(signal);
    }
}

/// `put_signal_struct`.
fn put_signal_struct(signal: Handle<Signal>) {
    if atomic_dec_and_test(signal, "sigcnt", |signal| &mut signal.sigcnt) {
        world(|w| w.revision.free_signal_struct)(signal);
    }
}

/// `free_signal_struct`: drops `oom_mm`, asynchronously because a page-table page must not be freed from
/// every context that may end up here.
pub fn free_signal_v4_9(signal: Handle<Signal>) {
    let _call = enter("free_signal_struct");
    if let Some(mm) = signal.peek_at("oom_mm", |signal| signal.oom_mm) {
        mmdrop_async(mm);
    }
    free(signal);
}

/// Mutants M14 and M15: `free_signal_struct` for an `oom_mm` that it does not hold.
pub fn free_signal_m14(signal: Handle<Signal>) {
    let _call = enter("free_signal_struct");
    free(signal);
}

/// The processes that are on the list now; walking them is an RCU read section.
pub fn processes() -> Processes {
    point(PROCESS_LIST, Access::Read, "for_each_process", TASKS);
    listed()
}

/// [`processes`] without a scheduling point.
pub fn listed() -> Processes {
    world(|w| {
        w.footprint.touch(PROCESS_LIST, TASKS, Access::Read);
        Processes::from_slice(&w.oom.processes)
    })
}

/// What has to wait for RCU read sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// A reference on a task is dropped.
    PutTask(Handle<Task>),
    /// A worker gets something to do.
    Queue(Work),
}

impl Callback {
    fn invoke(self) {
        match self {
            Callback::PutTask(task) => put_task_struct(task),
            Callback::Queue(work) => schedule_work(work),
        }
    }
}

/// An RCU read section: what [`call_rcu`] is asked for during it is done after it.
pub fn rcu_read<R>(section: impl FnOnce() -> R) -> R {
    world(|w| {
        w.footprint.touch(PROCESS_LIST, RCU, Access::Add);
        w.oom.rcu_readers += 1;
    });
    let result = section();
    let late = world(|w| {
        let nobody_waits = w.oom.rcu_late.is_empty();
        let access = if nobody_waits { Access::Add } else { Access::Update };
        w.footprint.touch(PROCESS_LIST, RCU, access);
        w.oom.rcu_readers -= 1;
        if w.oom.rcu_readers == 0 { std::mem::take(&mut w.oom.rcu_late) } else { Vec::new() }
    });
    late.into_iter().for_each(Callback::invoke);
    result
}

/// `call_rcu`: does it once no RCU read section can see what it is about.
pub fn call_rcu(callback: Callback) {
    let readers = world(|w| {
        w.footprint.touch(PROCESS_LIST, RCU, Access::Update);
        w.oom.rcu_readers
    });
    if readers == 0 {
        callback.invoke();
    } else {
        world(|w| w.oom.rcu_late.push(callback));
    }
}

/// `delayed_put_task_struct`: drops a reference once no RCU read section can see the task.
pub fn put_task_struct_rcu(task: Handle<Task>) {
    call_rcu(Callback::PutTask(task));
}

/// `find_lock_task_mm`: a thread of the process that still has its address space, with its
/// `task_lock` held.
pub fn find_lock_task_mm(signal: Handle<Signal>) -> Option<Handle<Task>> {
    let locked_with_mm = |&task: &Handle<Task>| {
        task_lock(task);
        let found = task.peek_at("mm", |task| task.mm.is_some());
        if !found {
            task_unlock(task);
        }
        found
    };
    rcu_read(|| live_threads(signal).into_iter().find(locked_with_mm))
}

/// Whether the process is on the list, so that its pid can be found.
pub fn is_listed(signal: Handle<Signal>) -> bool {
    world(|w| {
        w.footprint.touch(PROCESS_LIST, TASKS, Access::Read);
        w.oom.processes.contains(&signal)
    })
}

/// The threads of a process; none if it was released since the caller found it.
pub fn live_threads(signal: Handle<Signal>) -> Tasks {
    if is_listed(signal) { threads(signal) } else { Tasks::new() }
}

/// The threads of a process that has not been released.
pub fn threads(signal: Handle<Signal>) -> Tasks {
    signal.peek_at("thread_list", |signal| Tasks::from_slice(&signal.threads))
}

/// `process_shares_mm`: whether the first thread of the process that has an address space has this one.
pub fn process_shares_mm(signal: Handle<Signal>, mm: Handle<Mm>) -> bool {
    let threads = live_threads(signal);
    threads.into_iter().find_map(|task| task.peek_at("mm", |task| task.mm)) == Some(mm)
}

/// `fatal_signal_pending(current)`, which is not a scheduling point: only the task itself acts on it.
pub fn fatal_signal_pending() -> bool {
    world(|w| w.current()).is_some_and(|task| peek_bit(task, TaskFlag::Sigkill))
}

/// `do_send_sig_info(SIGKILL)` to a whole process.
pub fn send_sigkill(signal: Handle<Signal>) {
    let _call = enter("do_send_sig_info");
    zap_threads(signal, None);
    record(signal.object(), What::Signal);
}

/// `zap_other_threads`: the process exits, and SIGKILL is pending for all its threads but one. One step,
/// as `siglock` makes it; each thread notices at its own time.
pub fn zap_threads(signal: Handle<Signal>, except: Option<Handle<Task>>) {
    point(signal.object(), Access::Update, "send", "SIGKILL");
    signal.poke_at("flags", |signal| signal.group_exit = true);
    for task in threads(signal) {
        if Some(task) != except {
            let sigkill = TaskFlag::Sigkill;
            task.poke_at(sigkill.name(), |task| task.flags |= 1 << sigkill.bit());
            task.peek(|task| task.thread).into_iter().for_each(wake_killable);
        }
    }
}

/// `tsk_is_oom_victim`.
pub fn tsk_is_oom_victim(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    point(signal.object(), Access::Read, "tsk_is_oom_victim", "oom_mm");
    let set = signal.peek_at("oom_mm", |signal| signal.oom_mm.is_some());
    record(signal.object(), What::TestFlag { set });
    set
}
