//! `vfork`: a child runs in its parent's address space, and the parent waits until it lets go.
//!
//! Source: kernel/fork.c (`_do_fork`, `wait_for_vfork_done`) of v4.9 to v4.15.

use crate::exit::fork::mmput;
use crate::memory::{Handle, write};
use crate::mm::mmget;
use crate::sync::point::Access;
use crate::sync::wait::{wait_event_killable, wait_for_work, wake_up};
use crate::task::{
    PROCESS_LIST, Signal, TASKS, Task, current, fatal_signal_pending, is_listed, threads,
};
use crate::trace::enter;
use crate::world::world;

/// Starts a child that waits in [`await_start`], and waits until it is gone or a signal arrives. Who is
/// to die gets no child: that is checked in one step with the child's appearance, so that a kill of all
/// who share the address space misses nobody.
pub fn sys_vfork(child: Handle<Signal>) {
    let _call = enter("_do_fork");
    let Some(mm) = current().peek_at("mm", |task| task.mm) else { return };
    let tasks = threads(child);
    tasks.iter().for_each(|_| mmget(mm));
    write(child, "in_vfork", |child| child.in_vfork = true);
    if fatal_signal_pending() {
        tasks.iter().for_each(|_| mmput(mm));
        return;
    }
    tasks.iter().for_each(|task| task.poke_at("mm", |task| task.mm = Some(mm)));
    world(|w| {
        w.footprint.touch(PROCESS_LIST, TASKS, Access::Write);
        w.oom.processes.push(child);
    });
    wake_up(child.object(), "start");
    wait_event_killable(child.object(), "vfork_done", || {
        !is_listed(child) || child.peek_at("in_vfork", |child| !child.in_vfork)
    });
}

/// What the thread of a vforked child does until its parent calls `vfork`: whether that happened.
#[must_use = "a thread must not go on after the run"]
pub fn await_start(task: Handle<Task>) -> bool {
    let signal = task.peek(|task| task.signal);
    wait_for_work(signal.object(), "start", || task.peek_at("mm", |task| task.mm.is_some()))
}
