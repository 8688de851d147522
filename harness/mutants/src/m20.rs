//! M20: `exit_aio` does not wait.

use crate::{Mutant, Shows};
use mmreap::aio::Waiter;
use mmreap::aio::kill_ioctx::kill_ioctx;
use mmreap::prelude::*;

/// The mutant.
pub const M20: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M20",
        scenario: "sc_aio",
        oracles: &["O-MM-UAF"],
        sites: &["aio_device", "exit_aio"],
        object: None,
    }),
};

static KERNEL: Revision =
    V4_15.patched("v4.15+M20", "exit_aio does not wait for requests in flight").exit_aio(exit_aio);

/// `exit_aio`.
fn exit_aio(mm: Handle<Mm>) {
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
    atomic_sub_and_test(skipped, waiter, "count", |waiter| &mut waiter.count);
    free(waiter);
}
