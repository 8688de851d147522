//! `lookup_ioctx`: finds a context, and takes a reference on its users.
//!
//! Source: fs/aio.c of v4.9 to v4.15.

use super::Kioctx;
use crate::memory::{Handle, read};
use crate::mm::Mm;
use crate::sync::atomic::atomic_inc;
use crate::task::rcu_read;
use crate::trace::enter;
use crate::world::world;

/// The context in a slot of an address space, with one more user.
pub type LookupIoctx = fn(Handle<Mm>, usize) -> Option<Handle<Kioctx>>;

/// `lookup_ioctx` of the revision that runs.
pub fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    world(|w| w.revision.lookup_ioctx)(mm, slot)
}

/// v4.9 to v4.15: what the table said a moment ago gets one more user, whether it had any left or not (until
/// baf10564fbb6, v4.17).
pub fn v4_9(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    let _call = enter("lookup_ioctx");
    rcu_read(|| {
        let ctx = read(mm, "ioctx_table", |mm| mm.ioctx_table[slot])?;
        atomic_inc(ctx, "users", |ctx| &mut ctx.users);
        Some(ctx)
    })
}
