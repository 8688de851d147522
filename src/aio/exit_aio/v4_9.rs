//! `exit_aio` of v4.9 to v4.15: .
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use crate::aio::kill_ioctx::kill_ioctx;
use crate::aio::{Waiter, wait_for_completion};
use crate::memory::{Handle, allocate, free, read};
use crate::mm::Mm;
use crate::sync::atomic::atomic_sub_and_test;
use crate::trace::protocol;

/// `exit_aio`.
pub fn exit_aio(mm: Handle<Mm>) {
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
