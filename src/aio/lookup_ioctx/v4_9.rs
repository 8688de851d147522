//! `lookup_ioctx` of v4.9 to v4.15: what the table said a moment ago gets one more user, whether it had any left or
//! not (until baf10564fbb6, v4.17).
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use crate::aio::Kioctx;
use crate::memory::{Handle, read};
use crate::mm::Mm;
use crate::sync::atomic::atomic_inc;
use crate::task::rcu_read;
use crate::trace::enter;

/// `lookup_ioctx`.
pub fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let _call = enter("lookup_ioctx");
    rcu_read(|| {
        let ctx = read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
        atomic_inc(ctx, "users", |ctx| &mut ctx.users);
        Some(ctx)
    })
}
