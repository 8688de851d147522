//! The device of an AIO request: a thread that completes it when its time has come.
//!
//! Stands for drivers, which the model has none of. Source of `aio_complete`: fs/aio.c of v4.9 to v4.15.

use super::{Completion, Kiocb, put_reqs};
use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, free};
use crate::sync::point::{Access, point};
use crate::sync::time::schedule_timeout_uninterruptible;
use crate::sync::wait::{wait_event, wait_for_work, wake_up};
use crate::trace::noun::ALLOCATION;
use crate::trace::{EventKind, ObjectRef, enter, record};
use crate::world::{World, world};

/// The device: completes one request in its own time.
pub fn device(request: Handle<Kiocb>) {
    let _call = enter("aio_device");
    let object = request.object();
    if wait_for_work(object, "submitted", || request.peek_at("submitted", |r| r.ctx.is_some()))
        && let Some(ok) = perform(request, object)
    {
        aio_complete(request, ok && !strikes(FaultPoint::AIO));
    }
}

/// Whether the request succeeds; `None` if it never completes.
fn perform(request: Handle<Kiocb>, object: ObjectRef) -> Option<bool> {
    let (completion, since) = request.peek_at("submitted", |r| (r.completion, r.allocations));
    match completion {
        Completion::After(jiffies) | Completion::ErrorAfter(jiffies) if jiffies > 0 => {
            schedule_timeout_uninterruptible(jiffies);
        }
        Completion::After(_) | Completion::ErrorAfter(_) => {}
        Completion::AfterAlloc => {
            wait_event(MEMORY, ALLOCATION, || allocations() > since);
        }
        Completion::Never => {
            let _until_the_end = wait_for_work(object, "device", || false);
            return None;
        }
    }
    Some(!matches!(completion, Completion::ErrorAfter(_)))
}

/// What a device that needs memory waits for.
const MEMORY: ObjectRef = World::ZONE;

pub(super) fn allocations() -> u32 {
    world(|w| {
        w.footprint.touch(MEMORY, ALLOCATION, Access::Read);
        w.oom.allocations
    })
}

/// Tells devices that need memory that somebody's allocation succeeded.
pub fn allocation_succeeded() {
    let awaited = world(|w| {
        w.footprint.touch(MEMORY, ALLOCATION, Access::Add);
        w.oom.allocations += 1;
        w.is_awaited(MEMORY, ALLOCATION)
    });
    if awaited {
        wake_up(MEMORY, ALLOCATION);
    }
}

/// `aio_complete`, and the request's reference on the context is dropped.
fn aio_complete(request: Handle<Kiocb>, ok: bool) {
    let _call = enter("aio_complete");
    point(request.object(), Access::Write, "complete", "kiocb");
    record(request.object(), EventKind::Complete { ok });
    let ctx = request.peek_at("submitted", |request| request.ctx);
    free(request);
    if let Some(ctx) = ctx {
        put_reqs(ctx);
    }
}
