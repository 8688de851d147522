//! `free_ioctx_reqs`: the last request of a context is done.
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use super::Kioctx;
use crate::memory::Handle;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::wait::complete;
use crate::trace::enter;
use crate::workqueue::{Work, schedule_work};
use crate::world::world;

/// `free_ioctx_reqs` of the revision that runs.
pub fn free_ioctx_reqs(ctx: Handle<Kioctx>) {
    world(|w| w.revision.free_ioctx_reqs)(ctx);
}

/// v4.9 to v4.15: a worker frees the context, whoever reads the table meanwhile (until a6d7cff472ee, v4.16).
pub fn v4_9(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    complete_waiter(ctx);
    schedule_work(Work::FreeIoctx(ctx));
}

/// Tells who waits for the requests, if this was the last of their contexts.
pub fn complete_waiter(ctx: Handle<Kioctx>) {
    if let Some(waiter) = ctx.peek_at("waiter", |ctx| ctx.waiter)
        && atomic_dec_and_test(waiter, "count", |waiter| &mut waiter.count)
    {
        complete(waiter.object(), "ctx_rq_wait", || {
            waiter.poke_at("ctx_rq_wait", |waiter| waiter.done = true);
        });
    }
}
