//! M20c: `kill_ioctx` does not look whether the context is dead already.
//!
//! On top of E04, because two that destroy one context show a bug of v4.15 itself (B55).

use crate::e04::E04_KERNEL;
use crate::{Mutant, Shows};
use mmreap::aio::kill_ioctx::begin_end;
use mmreap::aio::{Kioctx, Waiter};
use mmreap::prelude::*;

/// The mutant.
pub const M20C: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M20c",
        scenario: "sc_io_destroy",
        oracles: &["O-DOUBLE", "O-MM-UAF"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = E04_KERNEL
    .patched(
        "v4.15+M20c",
        "as E04, but kill_ioctx does not look whether the context is dead already",
    )
    .kill_ioctx(kill_ioctx);

/// `kill_ioctx`.
fn kill_ioctx(mm: Handle<Mm>, slot: usize, ctx: Handle<Kioctx>, waiter: Handle<Waiter>) -> bool {
    let _call = enter("kill_ioctx");
    let lock = mm.peek(|mm| mm.ioctx_lock);
    spin_lock(lock);
    let listed = mm.peek_at("ioctx_table", |mm| mm.ioctx_table[slot]);
    warn_on(listed != Some(ctx), Assertion::IOCTX_TABLE, ctx.object());
    mm.poke_at("ioctx_table", |mm| mm.ioctx_table[slot] = None);
    spin_unlock(lock);
    begin_end(mm, ctx, waiter);
    true
}
