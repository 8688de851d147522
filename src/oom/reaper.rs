//! The OOM reaper: a thread that takes a victim's private pages away before its exit path gets there.
//!
//! Here is its queue. What it does with a victim is in [`super::oom_reap_task`] and, for one pass over the address
//! space, [`super::oom_reap_task_mm`]. Source: mm/oom_kill.c (`oom_reaper`, `wake_oom_reaper`) of v4.9 to v4.15.

use super::REAPER_LIST;
use super::oom_reap_task::oom_reap_task;
use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, read};
use crate::sync::daemon::Daemon;
use crate::sync::point::{Access, point};
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::sync::time::{HZ, schedule_timeout_idle};
use crate::sync::wait::{wait_for_work, wake_up};
use crate::task::{Task, get_task_struct};
use crate::trace::noun::{OOM_REAPER_LIST, OOM_REAPER_WAIT};
use crate::trace::{EventKind, Function, Role, Tracepoint, protocol, record};
use crate::world::world;

/// The reaper's thread, in traces.
pub const OOM_REAPER: Function = Function::acting("oom_reaper", Role::Reaper);

/// The thread.
pub const DAEMON: Daemon = Daemon::new("oom_reaper", |_| oom_reaper());

/// `wake_oom_reaper`: queues a task, unless it is queued already.
pub fn wake_oom_reaper(task: Handle<Task>) {
    let _call = protocol("wake_oom_reaper", task.object());
    if read_head() == Some(task)
        || read(task, OOM_REAPER_LIST, |task| task.oom_reaper_list).is_some()
    {
        return;
    }
    get_task_struct(task);
    let lock = world(|w| w.oom.oom_reaper_lock());
    spin_lock(lock);
    let next = head();
    task.poke_at(OOM_REAPER_LIST, |task| task.oom_reaper_list = next);
    set_head(Some(task));
    record(task.object(), EventKind::Enqueue);
    spin_unlock(lock);
    record(task.object(), EventKind::Trace(Tracepoint::WakeReaper));
    wake_up(REAPER_LIST, OOM_REAPER_WAIT);
}

fn read_head() -> Option<Handle<Task>> {
    point(REAPER_LIST, Access::Read, "read", OOM_REAPER_LIST);
    head()
}

/// `oom_reaper_list`, looked at under the lock or as an operation of its own.
fn head() -> Option<Handle<Task>> {
    world(|w| {
        w.footprint.touch(REAPER_LIST, OOM_REAPER_LIST, Access::Read);
        w.oom.reaper_list
    })
}

fn set_head(head: Option<Handle<Task>>) {
    world(|w| {
        w.footprint.touch(REAPER_LIST, OOM_REAPER_LIST, Access::Write);
        w.oom.reaper_list = head;
    });
}

/// The reaper's thread.
pub fn oom_reaper() {
    let _call = protocol(OOM_REAPER, REAPER_LIST);
    while wait_for_work(REAPER_LIST, OOM_REAPER_WAIT, || head().is_some()) {
        if strikes(FaultPoint::REAPER_DELAY) {
            schedule_timeout_idle(HZ);
        }
        if let Some(task) = pop() {
            oom_reap_task(task);
        }
    }
}

fn pop() -> Option<Handle<Task>> {
    let lock = world(|w| w.oom.oom_reaper_lock());
    spin_lock(lock);
    let head = head();
    if let Some(task) = head {
        let next = task.peek_at(OOM_REAPER_LIST, |task| task.oom_reaper_list);
        set_head(next);
        record(task.object(), EventKind::Dequeue);
    }
    spin_unlock(lock);
    head
}
