//! The kernel worker: runs work that must not run where it was caused.
//!
//! `mmput_async` (v4.7 to v4.13, and since v4.14-rc4), the asynchronous part of `free_signal_struct`,
//! and the last step of tearing down an AIO context.

use crate::aio::Kioctx;
use crate::memory::{Handle, free};
use crate::mm::{Mm, mmdrop};
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::point::{Access, point};
use crate::sync::wait::{wait_for_work, wake_up};
use crate::trace::{Kind, ObjectRef, enter};
use crate::world::world;
use std::collections::VecDeque;

/// A work item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The last user of an address space is gone.
    Mmput(Handle<Mm>),
    /// A reference on the structure is dropped.
    Mmdrop(Handle<Mm>),
    /// An AIO context is freed.
    FreeIoctx(Handle<Kioctx>),
}

/// Work that waits.
#[derive(Debug, Default)]
pub struct Workqueue {
    waiting: VecDeque<Work>,
}

impl Workqueue {
    /// Forgets all work.
    pub fn reset(&mut self) {
        self.waiting.clear();
    }

    /// Work that waits.
    pub fn waiting(&self) -> impl Iterator<Item = &Work> {
        self.waiting.iter()
    }
}

const QUEUE: ObjectRef = ObjectRef::sole(Kind::Workqueue);

/// `schedule_work`.
pub fn schedule_work(work: Work) {
    point(QUEUE, Access::Update, "schedule_work", "");
    world(|w| w.workqueue.waiting.push_back(work));
    wake_up(QUEUE, "work");
}

/// `mmput_async`: the last user goes, but `__mmput` runs in a worker.
pub fn mmput_async(mm: Handle<Mm>) {
    let _call = crate::trace::protocol("mmput_async", mm.object());
    if atomic_dec_and_test(mm, "mm_users", |mm| &mut mm.users) {
        schedule_work(Work::Mmput(mm));
    }
}

/// `mmdrop_async`.
pub fn mmdrop_async(mm: Handle<Mm>) {
    schedule_work(Work::Mmdrop(mm));
}

/// The worker thread.
pub fn kworker() {
    let _call = enter("worker_thread");
    while wait_for_work(QUEUE, "work", || world(|w| !w.workqueue.waiting.is_empty())) {
        point(QUEUE, Access::Update, "take_work", "");
        if let Some(work) = world(|w| w.workqueue.waiting.pop_front()) {
            perform(work);
        }
    }
}

fn perform(work: Work) {
    match work {
        Work::Mmput(mm) => crate::exit::fork::mmput_final(mm),
        Work::Mmdrop(mm) => mmdrop(mm),
        Work::FreeIoctx(ctx) => free(ctx),
    }
}
