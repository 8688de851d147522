//! E04: safe. The repair of B55, in two parts of which neither is enough: an AIO context outlives its readers
//! (a6d7cff472ee, v4.16), and without users it is not found (baf10564fbb6, v4.17).

use crate::Mutant;
use mmreap::aio::Kioctx;
use mmreap::aio::free_ioctx_reqs::complete_waiter;
use mmreap::prelude::*;
use mmreap::task::{Callback, call_rcu, rcu_read};
use mmreap::workqueue::Work;

/// The mutant.
pub const E04: Mutant = Mutant { kernel: &KERNEL, shows: None };

/// v4.15 with it.
pub(crate) const E04_KERNEL: Revision = V4_15
    .patched(
        "v4.15+E04",
        "safe: as in v4.17, an AIO context outlives its readers, and without users it is not found",
    )
    .lookup_ioctx(lookup_ioctx)
    .free_ioctx_reqs(free_ioctx_reqs);

static KERNEL: Revision = E04_KERNEL;

/// `lookup_ioctx` since v4.17 (baf10564fbb6): who has no users left gets none.
fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let _call = enter("lookup_ioctx");
    rcu_read(|| {
        let ctx = read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
        atomic_inc_not_zero(ctx, "users", |ctx| &mut ctx.users).then_some(ctx)
    })
}

/// `free_ioctx_reqs` since v4.16 (a6d7cff472ee): the worker comes after those who read the table.
fn free_ioctx_reqs(ctx: Handle<Kioctx>) {
    let _call = enter("free_ioctx_reqs");
    complete_waiter(ctx);
    call_rcu(Callback::Queue(Work::FreeIoctx(ctx)));
}
