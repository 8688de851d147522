//! `signal_struct`, which stands for the process, and SIGKILL.
//!
//! What happens under `siglock` is one step here, because none of it takes an operation that others could
//! come between; each thread notices a signal at its own time. Source: kernel/signal.c (`__send_signal`,
//! `complete_signal`, `zap_other_threads`) and kernel/fork.c of v4.9 to v4.15. There is no signal but SIGKILL.

use super::free_signal_struct::free_signal_struct;
use super::{ExitState, Task, TaskFlag, find_task_by_vpid, rcu_read};
use crate::memory::Handle;
use crate::mm::Mm;
use crate::mm::secondary::SecondaryMmu;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::bits::{Flag, peek_bit};
use crate::sync::point::{Access, point};
use crate::sync::thread::wake_killable;
use crate::trace::noun::{EXIT_STATE, OOM_MM};
use crate::trace::{EventKind, enter, record};
use crate::world::world;
use smallvec::SmallVec;
use std::rc::Rc;

/// `signal_struct`.
#[derive(Debug)]
pub struct Signal {
    /// The process's name.
    pub name: Rc<str>,
    /// `thread_head`: threads that have not left the process, in the order of their creation.
    pub threads: Tasks,
    /// `leader_pid`: the first thread, as long as it exists.
    pub leader: Option<Handle<Task>>,
    /// `live`: threads that have not begun to exit.
    pub live: i32,
    /// `sigcnt`: references to the structure.
    pub sigcnt: i32,
    /// `SIGNAL_GROUP_EXIT`.
    pub group_exit: bool,
    /// SIGKILL is in `shared_pending`.
    pub shared_pending: bool,
    /// `oom_mm`: the address space with which it became an OOM victim.
    pub oom_mm: Option<Handle<Mm>>,
    /// `oom_score_adj`.
    pub oom_score_adj: i16,
    /// Whether it is pid 1.
    pub is_init: bool,
    /// `files`: secondary MMUs that it has open.
    pub files: Vec<Handle<SecondaryMmu>>,
    /// Threads that use these files.
    pub files_count: i32,
}

/// Tasks of one process. Few have more than four.
pub type Tasks = SmallVec<[Handle<Task>; 4]>;

impl Signal {
    /// A process without threads.
    pub fn new(name: Rc<str>, oom_score_adj: i16) -> Self {
        Signal {
            is_init: &*name == "init",
            name,
            threads: Tasks::new(),
            leader: None,
            live: 0,
            sigcnt: 0,
            group_exit: false,
            shared_pending: false,
            oom_mm: None,
            oom_score_adj,
            files: Vec::new(),
            files_count: 0,
        }
    }

    pub(super) fn add(&mut self, task: Handle<Task>) {
        self.threads.push(task);
        self.leader.get_or_insert(task);
        self.live += 1;
        self.sigcnt += 1;
        self.files_count += 1;
    }
}

/// `put_signal_struct`.
pub(super) fn put_signal_struct(signal: Handle<Signal>) {
    if atomic_dec_and_test(signal, "sigcnt", |signal| &mut signal.sigcnt) {
        free_signal_struct(signal);
    }
}

/// `fatal_signal_pending(current)`, which is not a scheduling point: only the task itself acts on it.
pub fn fatal_signal_pending() -> bool {
    world(|w| w.current()).is_some_and(|task| peek_bit(task, TaskFlag::Sigkill))
}

/// `kill_pid_info` with SIGKILL. Pid 1 ignores it (`SIGNAL_UNKILLABLE`).
pub fn kill_pid(process: Handle<Signal>) {
    rcu_read(|| {
        let task = find_task_by_vpid(process);
        let killable = task.filter(|_| !process.peek(|signal| signal.is_init));
        killable.into_iter().for_each(send_sigkill);
    });
}

/// `do_send_sig_info(SIGKILL)` to the whole process of a task.
pub fn send_sigkill(task: Handle<Task>) {
    let _call = enter("do_send_sig_info");
    let signal = task.peek(|task| task.signal);
    point(signal.object(), Access::Update, "send", "SIGKILL");
    let released = !threads(signal).contains(&task);
    if released
        || signal.poke_at("SIGKILL", |signal| std::mem::replace(&mut signal.shared_pending, true))
    {
        return;
    }
    complete_signal(signal);
    record(signal.object(), EventKind::Signal);
}

/// `complete_signal`: the process exits, and SIGKILL is pending for all its threads, unless each of them
/// exits already, or somebody else has come to that.
fn complete_signal(signal: Handle<Signal>) {
    let wanted = threads(signal).into_iter().any(|task| !peek_bit(task, TaskFlag::Exiting));
    if wanted && !signal.peek_at("flags", |signal| signal.group_exit) {
        signal.poke_at("flags", |signal| signal.group_exit = true);
        threads(signal).into_iter().for_each(add_sigkill);
    }
}

/// What `do_group_exit` does about the others: if nobody else was first, the process exits, and SIGKILL is
/// pending for its other threads (`zap_other_threads`).
pub fn start_group_exit(task: Handle<Task>) {
    let signal = task.peek(|task| task.signal);
    point(signal.object(), Access::Update, "send", "SIGKILL");
    if signal.peek_at("flags", |signal| signal.group_exit) {
        return;
    }
    signal.poke_at("flags", |signal| signal.group_exit = true);
    let runs_on = |other: Handle<Task>| {
        other.peek_at(EXIT_STATE, |other| other.exit_state == ExitState::None)
    };
    let others = threads(signal).into_iter().filter(|&other| other != task && runs_on(other));
    others.for_each(add_sigkill);
}

fn threads(signal: Handle<Signal>) -> Tasks {
    signal.peek_at("thread_list", |signal| signal.threads.clone())
}

fn add_sigkill(task: Handle<Task>) {
    let sigkill = TaskFlag::Sigkill;
    task.poke_at(sigkill.name(), |task| task.flags |= 1 << sigkill.bit());
    task.peek(|task| task.thread).into_iter().for_each(wake_killable);
}

/// `tsk_is_oom_victim`.
pub fn tsk_is_oom_victim(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    point(signal.object(), Access::Read, "tsk_is_oom_victim", OOM_MM);
    let set = signal.peek_at(OOM_MM, |signal| signal.oom_mm.is_some());
    record(signal.object(), EventKind::TestFlag { set });
    set
}
