//! Choosing a victim: a search among all processes, and what it has found so far.
//!
//! [`super::oom_evaluate_task`] judges each process, by its [`super::oom_badness`]. Source: mm/oom_kill.c of v4.9 to
//! v4.15.

use super::OOM;
use super::oom_evaluate_task::oom_evaluate_task;
use crate::memory::Handle;
use crate::mm::Mm;
use crate::sync::bits::peek_bit;
use crate::task::{Task, TaskFlag, for_each_process, get_task_struct, put_task_struct, rcu_read};
use crate::trace::{EventKind, Function, Role, protocol, record};

/// `oom_control`: a search for a victim, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OomControl {
    /// Whether somebody asked by hand (`order == -1`), who does not wait for earlier victims.
    pub by_hand: bool,
    /// `chosen`.
    pub chosen: Chosen,
    /// `chosen_points`.
    pub chosen_points: i32,
}

/// What a search has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Nobody.
    Nobody,
    /// The leader of this process, with a reference.
    Process(Handle<Task>),
    /// An earlier victim, which is still expected to free its memory (`-1`).
    Wait,
}

impl OomControl {
    /// A search that has not begun.
    pub fn new(by_hand: bool) -> Self {
        OomControl { by_hand, chosen: Chosen::Nobody, chosen_points: 0 }
    }

    /// Another choice takes the place of the one before, whose reference is dropped.
    pub fn choose(&mut self, chosen: Chosen) {
        if let Chosen::Process(former) = self.chosen {
            put_task_struct(former);
        }
        if let Chosen::Process(task) = chosen {
            get_task_struct(task);
        }
        self.chosen = chosen;
    }
}

/// `select_bad_process`, in traces.
pub const SELECT_BAD_PROCESS: Function = Function::acting("select_bad_process", Role::Search);

/// `select_bad_process`.
pub fn select_bad_process(oc: &mut OomControl) {
    let _call = protocol(SELECT_BAD_PROCESS, OOM);
    rcu_read(|| _ = for_each_process().find(|&p| oom_evaluate_task(p, oc)));
}

/// `oom_unkillable_task`: pid 1 and kernel threads.
pub fn oom_unkillable_task(task: Handle<Task>) -> bool {
    is_global_init(task) || peek_bit(task, TaskFlag::Kthread)
}

/// `is_global_init`.
pub fn is_global_init(task: Handle<Task>) -> bool {
    task.peek(|task| task.signal).peek(|signal| signal.is_init)
}

/// Says which address space a kill is about, for the log.
pub fn announce_kill(mm: Handle<Mm>) {
    record(mm.object(), EventKind::Kill);
}
