//! `free_ioctx_reqs`: the last request of a context is done.
//!
//! Source: fs/aio.c.

mod v4_9;

pub use v4_9::free_ioctx_reqs as v4_9;

use crate::aio::Kioctx;
use crate::memory::Handle;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::wait::complete;
use crate::world::world;

/// `free_ioctx_reqs` of the revision that runs.
pub fn free_ioctx_reqs(ctx: Handle<Kioctx>) {
    world(|w| w.revision.free_ioctx_reqs)(ctx);
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
