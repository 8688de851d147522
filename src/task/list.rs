//! The list of processes, the lists of threads, and what protects them: RCU those who walk,
//! `tasklist_lock` those who change.
//!
//! A walk reads the list as it is, element by element, as `for_each_process` does: who is appended behind the
//! walker is met, and who is taken off still leads to who was behind it then. What keeps a new process from
//! slipping out of a kill is therefore not the walk, but that `copy_process` looks for a signal under the
//! lock. Source: sched.h, rculist.h, kernel/exit.c (`__unhash_process`, `delayed_put_task_struct`) and
//! mm/oom_kill.c (`find_lock_task_mm`, `process_shares_mm`) of v4.9 to v4.15.

use super::{Signal, Task, put_task_struct, task_lock, task_unlock};
use crate::memory::Handle;
use crate::mm::Mm;
use crate::sync::point::{Access, point};
use crate::sync::rwlock::RwLock;
use crate::trace::noun::MM;
use crate::trace::{Kind, ObjectRef};
use crate::workqueue::{Work, schedule_work};
use crate::world::{World, world};
use std::iter::from_fn;

/// The processes of a machine. The head of the list is `init_task`, which is not on it.
#[derive(Debug, Default)]
pub struct ProcessList {
    /// Those whose pid leads to them, with their leaders, in the order of the list.
    attached: Vec<(Handle<Signal>, Handle<Task>)>,
    lock: Option<RwLock>,
    /// RCU read sections that are being executed.
    rcu_readers: u32,
    /// What is done when the last of them ends.
    rcu_late: Vec<Callback>,
}

impl ProcessList {
    /// Forgets every process.
    pub fn reset(&mut self) {
        let ProcessList { attached, lock, rcu_readers, rcu_late } = self;
        attached.clear();
        rcu_late.clear();
        (*lock, *rcu_readers) = (None, 0);
    }

    /// The processes on the list. For whoever explains a run, not for kernel code.
    pub fn iter(&self) -> impl Iterator<Item = Handle<Signal>> {
        self.attached.iter().map(|&(process, _)| process)
    }

    /// The task in front of another one, or the last one; none is the head.
    fn before(&self, task: Option<Handle<Task>>) -> Option<Handle<Task>> {
        let leaders = || self.attached.iter().map(|&(_, leader)| leader);
        leaders().take_while(|&leader| Some(leader) != task).last()
    }
}

/// The list of processes, as an object of events.
pub const PROCESS_LIST: ObjectRef = ObjectRef::sole(Kind::ProcessList);

/// What leads from a task on the list to the next.
const TASKS: &str = "tasks";

/// What leads from a number to a process.
const PID: &str = "pid";

/// The read sections that walk it.
const RCU: &str = "rcu";

/// Creates the lock, at boot.
pub fn boot(w: &mut World) {
    w.processes.lock = Some(w.locks.add("tasklist_lock", PROCESS_LIST));
}

/// `tasklist_lock`.
pub fn tasklist_lock() -> RwLock {
    world(|w| w.processes.lock).expect("the machine has booted")
}

/// `for_each_process`: leaders, each read when the walk gets there. Only in an RCU read section.
pub fn for_each_process() -> impl Iterator<Item = Handle<Task>> {
    let mut at = None;
    from_fn(move || {
        point(node(at), Access::Read, "for_each_process", TASKS);
        at = behind(at);
        at
    })
}

/// Where a link of the list is: in a task, or in the head.
fn node(task: Option<Handle<Task>>) -> ObjectRef {
    task.map_or(PROCESS_LIST, Handle::object)
}

fn behind(task: Option<Handle<Task>>) -> Option<Handle<Task>> {
    match task {
        Some(task) => task.peek_at(TASKS, |task| task.tasks),
        None => world(|w| {
            w.footprint.touch(PROCESS_LIST, TASKS, Access::Read);
            w.processes.attached.first().map(|&(_, leader)| leader)
        }),
    }
}

/// Makes another task the one behind. The head's is the first of those that are attached.
fn link(task: Option<Handle<Task>>, next: Option<Handle<Task>>) {
    match task {
        Some(task) => task.poke_at(TASKS, |task| task.tasks = next),
        None => world(|w| w.footprint.touch(PROCESS_LIST, TASKS, Access::Write)),
    }
}

/// `attach_pid` and `list_add_tail_rcu` of a leader. The caller holds `tasklist_lock` for writing. The leader's own link
/// is written, too, for whoever is next to be attached writes that one: of two, one is the first.
pub fn attach(leader: Handle<Task>) {
    let process = leader.peek(|leader| leader.signal);
    let last = world(|w| w.processes.before(None));
    link(Some(leader), None);
    link(last, Some(leader));
    world(|w| {
        w.footprint.touch(pid(process), PID, Access::Write);
        w.processes.attached.push((process, leader));
    });
}

/// `detach_pid` and `list_del_rcu` of a leader. The caller holds `tasklist_lock` for writing.
pub fn detach(leader: Handle<Task>) {
    let process = leader.peek(|leader| leader.signal);
    let before = world(|w| w.processes.before(Some(leader)));
    link(before, behind(Some(leader)));
    world(|w| {
        w.footprint.touch(pid(process), PID, Access::Write);
        w.processes.attached.retain(|&(_, other)| other != leader);
    });
}

fn pid(process: Handle<Signal>) -> ObjectRef {
    ObjectRef { kind: Kind::ProcessList, serial: process.serial() }
}

/// `find_task_by_vpid`: the leader of a process, unless it was released. It stays as long as the caller's RCU
/// read section.
pub fn find_task_by_vpid(process: Handle<Signal>) -> Option<Handle<Task>> {
    world(|w| {
        w.footprint.touch(pid(process), PID, Access::Read);
        let mut attached = w.processes.attached.iter();
        attached.find(|&&(other, _)| other == process).map(|&(_, leader)| leader)
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
        w.processes.rcu_readers += 1;
    });
    let result = section();
    let late = world(|w| {
        let nobody_waits = w.processes.rcu_late.is_empty();
        let access = if nobody_waits { Access::Add } else { Access::Update };
        w.footprint.touch(PROCESS_LIST, RCU, access);
        w.processes.rcu_readers -= 1;
        let ends = w.processes.rcu_readers == 0;
        if ends { std::mem::take(&mut w.processes.rcu_late) } else { Vec::new() }
    });
    late.into_iter().for_each(Callback::invoke);
    result
}

/// `call_rcu`: does it once no RCU read section can see what it is about.
pub fn call_rcu(callback: Callback) {
    let unread = world(|w| {
        let unread = w.processes.rcu_readers == 0;
        let access = if unread { Access::Read } else { Access::Update };
        w.footprint.touch(PROCESS_LIST, RCU, access);
        unread
    });
    if unread {
        callback.invoke();
    } else {
        world(|w| w.processes.rcu_late.push(callback));
    }
}

/// `delayed_put_task_struct`: drops a reference once no RCU read section can see the task.
pub fn put_task_struct_rcu(task: Handle<Task>) {
    call_rcu(Callback::PutTask(task));
}

/// `for_each_thread`: the threads of a task's process, each read when the walk gets there. A thread that has
/// left leads to the next that has not; one in between that has left, too, has no `mm` any more, which is
/// what every walker asks for.
pub fn for_each_thread(task: Handle<Task>) -> impl Iterator<Item = Handle<Task>> {
    let mut last = 0;
    from_fn(move || {
        let signal = task.peek(|task| task.signal);
        let behind = |&thread: &Handle<Task>| thread.serial() > last;
        let next =
            signal.peek_at("thread_list", |signal| signal.threads.iter().copied().find(behind))?;
        last = next.serial();
        Some(next)
    })
}

/// `thread_group_empty`: no other thread of the process is left.
pub fn thread_group_empty(task: Handle<Task>) -> bool {
    for_each_thread(task).all(|other| other == task)
}

/// `same_thread_group`.
pub fn same_thread_group(a: Handle<Task>, b: Handle<Task>) -> bool {
    a.peek(|task| task.signal) == b.peek(|task| task.signal)
}

/// `find_lock_task_mm`: a thread of a task's process that still has its address space, with its
/// `task_lock` held, and that address space.
pub fn find_lock_task_mm(task: Handle<Task>) -> Option<(Handle<Task>, Handle<Mm>)> {
    let locked_with_mm = |thread: Handle<Task>| {
        task_lock(thread);
        let mm = thread.peek_at(MM, |thread| thread.mm);
        if mm.is_none() {
            task_unlock(thread);
        }
        mm.map(|mm| (thread, mm))
    };
    rcu_read(|| for_each_thread(task).find_map(locked_with_mm))
}

/// `process_shares_mm`: whether the first thread of a task's process that has an address space has this one.
/// One step: an address space is only ever lost, so what is true of threads that are looked at one by one is
/// true when the last of them is.
pub fn process_shares_mm(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    for_each_thread(task).find_map(|thread| thread.peek_at(MM, |thread| thread.mm)) == Some(mm)
}
