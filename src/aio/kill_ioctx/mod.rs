//! `kill_ioctx`: takes a context out of its table, and begins its end.
//!
//! Source: fs/aio.c.

mod v4_9;

pub use v4_9::kill_ioctx as v4_9;

use crate::aio::{Kioctx, Waiter, put_users};
use crate::memory::Handle;
use crate::mm::{Mm, mmap_sem};
use crate::sync::rwsem::{down_write_killable, up_write};
use crate::trace::enter;
use crate::world::world;

/// Kills the context in a slot: whether this call did, so that the waiter will hear of its end.
pub type KillIoctx = fn(Handle<Mm>, usize, Handle<Kioctx>, Handle<Waiter>) -> bool;

/// `kill_ioctx` of the revision that runs.
pub fn kill_ioctx(
    mm: Handle<Mm>,
    slot: usize,
    ctx: Handle<Kioctx>,
    waiter: Handle<Waiter>,
) -> bool {
    world(|w| w.revision.kill_ioctx)(mm, slot, ctx, waiter)
}

/// The ring goes, the context has a waiter, and loses the reference that kept it open.
pub fn begin_end(mm: Handle<Mm>, ctx: Handle<Kioctx>, waiter: Handle<Waiter>) {
    if ctx.peek_at("mmap_size", |ctx| ctx.mmap_size) {
        munmap_ring(mm);
    }
    ctx.poke_at("waiter", |ctx| ctx.waiter = Some(waiter));
    put_users(ctx);
}

/// `vm_munmap` of the ring, a mapping that nobody else looks at: what others notice is the lock.
fn munmap_ring(mm: Handle<Mm>) {
    let _call = enter("vm_munmap");
    if down_write_killable(mmap_sem(mm)).is_ok() {
        up_write(mmap_sem(mm));
    }
}
