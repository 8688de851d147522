//! `exit_aio`: kills every context of a dying address space, and waits for all requests.
//!
//! The rings are `exit_mmap`'s to unmap. Source: fs/aio.c of v4.9 to v4.15.

use super::{Waiter, kill_ioctx::kill_ioctx, wait_for_completion};
use crate::memory::{Handle, allocate, free, read};
use crate::mm::Mm;
use crate::sync::atomic::atomic_sub_and_test;
use crate::trace::protocol;
use crate::world::world;

/// `exit_aio` of the revision that runs.
pub fn exit_aio(mm: Handle<Mm>) {
    world(|w| w.revision.exit_aio)(mm);
}

/// v4.9 to v4.15.
pub fn v4_9(mm: Handle<Mm>) {
    let _call = protocol("exit_aio", mm.object());
    let table = read(mm, "ioctx_table", |mm| mm.ioctx_table);
    if table.iter().all(Option::is_none) {
        return;
    }
    let waiter = allocate(Waiter { count: table.len() as i32, done: false });
    let mut skipped = 0;
    for (slot, ctx) in table.into_iter().enumerate() {
        let Some(ctx) = ctx else {
            skipped += 1;
            continue;
        };
        ctx.poke_at("mmap_size", |ctx| ctx.mmap_size = false);
        kill_ioctx(mm, slot, ctx, waiter);
    }
    if !atomic_sub_and_test(skipped, waiter, "count", |waiter| &mut waiter.count) {
        wait_for_completion(waiter);
    }
    free(waiter);
}
