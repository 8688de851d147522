//! `lookup_ioctx`: finds a context, and takes a reference on its users.
//!
//! Source: fs/aio.c.

mod v4_9;

pub use v4_9::lookup_ioctx as v4_9;

use crate::aio::Kioctx;
use crate::memory::Handle;
use crate::mm::Mm;
use crate::world::world;

/// The context in a slot of an address space, with one more user.
pub type LookupIoctx = fn(Handle<Mm>, usize) -> Option<Handle<Kioctx>>;

/// `lookup_ioctx` of the revision that runs.
pub fn lookup_ioctx(mm: Handle<Mm>, slot: usize) -> Option<Handle<Kioctx>> {
    world(|w| w.revision.lookup_ioctx)(mm, slot)
}
