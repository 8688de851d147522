//! `kill_ioctx` of v4.9 to v4.15: who is second finds the context dead, and leaves it alone.
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use super::begin_end;
use crate::aio::{Kioctx, Waiter};
use crate::memory::{Assertion, Handle, warn_on};
use crate::mm::Mm;
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::trace::enter;

/// `kill_ioctx`.
pub fn kill_ioctx(
    mm: Handle<Mm>,
    slot: usize,
    ctx: Handle<Kioctx>,
    waiter: Handle<Waiter>,
) -> bool {
    let _call = enter("kill_ioctx");
    let lock = mm.peek(|mm| mm.ioctx_lock);
    spin_lock(lock);
    if ctx.poke_at("dead", |ctx| std::mem::replace(&mut ctx.dead, true)) {
        spin_unlock(lock);
        return false;
    }
    let listed = mm.peek_at("ioctx_table", |mm| mm.ioctx_table[slot]);
    warn_on(listed != Some(ctx), Assertion::IOCTX_TABLE, ctx.object());
    mm.poke_at("ioctx_table", |mm| mm.ioctx_table[slot] = None);
    spin_unlock(lock);
    begin_end(mm, ctx, waiter);
    true
}
