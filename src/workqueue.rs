//! The kernel worker: runs work that must not run where it was caused.
//!
//! `mmput_async` (v4.7 to v4.13, and since v4.14-rc4), the asynchronous part of `free_signal_struct`,
//! and the last step of tearing down an AIO context.
//!
//! There is one worker, and items run one after the other. The kernel starts another worker when one sleeps,
//! but that takes memory, and the system's workqueue has no worker in reserve: while memory is short, what
//! is queued behind a sleeper waits.

use crate::aio::{Kioctx, free_ioctx};
use crate::memory::Handle;
use crate::mm::{Mm, mmdrop_final};
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::daemon::Daemon;
use crate::sync::lock::held_at_exit;
use crate::sync::point::Access;
use crate::sync::wait::{complete, wait_event, wait_for_work, wake_up};
use crate::trace::noun::{FINISHED, MM_COUNT, MM_USERS};
use crate::trace::{Function, Kind, ObjectRef, Role, enter};
use crate::world::world;
use std::collections::VecDeque;

/// The worker's thread, in traces.
pub const WORKER_THREAD: Function = Function::acting("worker_thread", Role::Worker);

/// The thread.
pub const DAEMON: Daemon = Daemon::new("kworker", |_| kworker());

/// Each sort of work once: its name, what it is about, and what the worker does with that.
macro_rules! work {
    ($($(#[$doc:meta])* $item:ident($object:ty) $perform:path;)*) => {
        /// A work item.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Work {
            $($(#[$doc])* $item($object),)*
        }

        fn perform(work: Work) {
            match work {
                $(Work::$item(object) => $perform(object),)*
            }
        }
    };
}

work! {
    /// The last user of an address space is gone.
    Mmput(Handle<Mm>) crate::exit::mmput_final::mmput_final;
    /// The last reference on the structure is gone.
    Mmdrop(Handle<Mm>) mmdrop_final;
    /// An AIO context is freed.
    FreeIoctx(Handle<Kioctx>) free_ioctx;
}

/// Work that waits.
#[derive(Debug, Default)]
pub struct Workqueue {
    waiting: VecDeque<Work>,
    /// Items that were ever queued.
    pushed: u32,
    /// Items that are done.
    finished: u32,
}

impl Workqueue {
    /// Forgets all work.
    pub fn reset(&mut self) {
        let Workqueue { waiting, pushed, finished } = self;
        waiting.clear();
        (*pushed, *finished) = (0, 0);
    }

    /// The n-th item, in footprints.
    fn item(&self, n: u32) -> ObjectRef {
        ObjectRef { kind: Kind::Workqueue, serial: n + 1 }
    }

    /// Work that waits.
    pub fn waiting(&self) -> impl Iterator<Item = &Work> {
        self.waiting.iter()
    }
}

const QUEUE: ObjectRef = ObjectRef::sole(Kind::Workqueue);

/// `schedule_work`.
pub fn schedule_work(work: Work) {
    complete(QUEUE, "work", || {
        world(|w| {
            w.footprint.touch(QUEUE, "tail", Access::Update);
            w.footprint.touch(w.workqueue.item(w.workqueue.pushed), "", Access::Write);
            w.workqueue.pushed += 1;
            w.workqueue.waiting.push_back(work);
        });
    });
}

/// `mmput_async`: the last user goes, but `__mmput` runs in a worker.
pub fn mmput_async(mm: Handle<Mm>) {
    let _call = crate::trace::protocol("mmput_async", mm.object());
    if atomic_dec_and_test(mm, MM_USERS, |mm| &mut mm.users) {
        schedule_work(Work::Mmput(mm));
    }
}

/// `mmdrop_async`: the reference goes, but `__mmdrop` runs in a worker.
pub fn mmdrop_async(mm: Handle<Mm>) {
    if atomic_dec_and_test(mm, MM_COUNT, |mm| &mut mm.count) {
        schedule_work(Work::Mmdrop(mm));
    }
}

/// The worker thread.
pub fn kworker() {
    let _call = enter(WORKER_THREAD);
    while wait_for_work(QUEUE, "work", is_work_waiting) {
        if let Some(work) = world(|w| w.workqueue.waiting.pop_front()) {
            perform(work);
            held_at_exit();
            finish();
        }
    }
}

fn finish() {
    let awaited = world(|w| {
        w.footprint.touch(QUEUE, FINISHED, Access::Add);
        w.workqueue.finished += 1;
        w.is_awaited(QUEUE, FINISHED)
    });
    if awaited {
        wake_up(QUEUE, FINISHED);
    }
}

/// `flush_scheduled_work`: waits until all is done that is queued by now. The worker itself waits for ever.
pub fn flush_scheduled_work() {
    let queued = world(|w| {
        w.footprint.touch(QUEUE, "tail", Access::Read);
        w.workqueue.pushed
    });
    wait_event(QUEUE, FINISHED, || {
        world(|w| {
            w.footprint.touch(QUEUE, FINISHED, Access::Read);
            w.workqueue.finished >= queued
        })
    });
}

/// Whether there is a next item: what others queue behind it is no matter of the worker's.
fn is_work_waiting() -> bool {
    world(|w| {
        let taken = w.workqueue.pushed - w.workqueue.waiting.len() as u32;
        w.footprint.touch(w.workqueue.item(taken), "", Access::Read);
        !w.workqueue.waiting.is_empty()
    })
}
