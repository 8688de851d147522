//! `vfork`: a child runs in its parent's address space, and the parent waits until it lets go.
//!
//! Source: kernel/fork.c (`copy_process`, `_do_fork`, `wait_for_vfork_done`) of v4.9 to v4.15. A child of a
//! case may have several threads; the others appear with the first, as if it had started them at once.

use crate::exit::fork::mmput;
use crate::memory::{Handle, write};
use crate::mm::{Mm, mmget};
use crate::sync::rwlock::write_section;
use crate::sync::wait::{complete, wait_event_killable, wait_for_work};
use crate::task::{
    Signal, Task, attach, current, fatal_signal_pending, for_each_thread, get_task_struct,
    put_task_struct, task_lock, task_unlock, tasklist_lock,
};
use crate::trace::enter;
use crate::trace::noun::{MM, VFORK_DONE};

/// Starts a child that waits in [`await_start`], and waits until it is gone or a signal arrives.
pub fn sys_vfork(child: Handle<Signal>) {
    let _call = enter("_do_fork");
    let leader = child.peek(|child| child.leader);
    if let (Some(mm), Some(child)) = (current().peek_at(MM, |task| task.mm), leader)
        && copy_process(child, mm)
    {
        write(child, VFORK_DONE, |child| child.vfork_done = true);
        get_task_struct(child);
        wake_up_new_task(child);
        wait_for_vfork_done(child);
    }
}

/// `copy_process`: whether there is a child. Who is to die gets none: that is looked at in one step with
/// the child's appearance, so that nobody slips out of a kill.
fn copy_process(child: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = enter("copy_process");
    for thread in for_each_thread(child) {
        mmget(mm);
        thread.poke_at(MM, |thread| (thread.mm, thread.active_mm) = (Some(mm), Some(mm)));
    }
    let appeared = write_section(tasklist_lock(), || {
        let appears = !fatal_signal_pending();
        if appears {
            add_child(current(), child);
            attach(child);
        }
        appears
    });
    if !appeared {
        for thread in for_each_thread(child) {
            thread.poke_at(MM, |thread| (thread.mm, thread.active_mm) = (None, None));
            mmput(mm);
        }
    }
    appeared
}

/// The leader of a process becomes a child.
pub(crate) fn add_child(parent: Handle<Task>, child: Handle<Task>) {
    child.poke_at("real_parent", |child| child.real_parent = Some(parent));
    parent.poke_at("children", |parent| parent.children.push(child));
}

/// `wake_up_new_task`.
fn wake_up_new_task(child: Handle<Task>) {
    complete(child.object(), "start", || {
        for_each_thread(child)
            .for_each(|thread| thread.poke_at("start", |thread| thread.started = true));
    });
}

/// `wait_for_vfork_done`: a parent that is killed does not wait any longer, and from then on the child is
/// like any other.
fn wait_for_vfork_done(child: Handle<Task>) {
    let _call = enter("wait_for_vfork_done");
    let done = || child.peek_at(VFORK_DONE, |child| !child.vfork_done);
    if !wait_event_killable(child.object(), VFORK_DONE, done) {
        task_lock(child);
        child.poke_at(VFORK_DONE, |child| child.vfork_done = false);
        task_unlock(child);
    }
    put_task_struct(child);
}

/// What the thread of a vforked child does until its parent calls `vfork`: whether that happened.
#[must_use = "a thread must not go on after the run"]
pub fn await_start(task: Handle<Task>) -> bool {
    let leader = task.peek(|task| task.signal).peek(|signal| signal.leader).unwrap_or(task);
    wait_for_work(leader.object(), "start", || task.peek_at("start", |task| task.started))
}
