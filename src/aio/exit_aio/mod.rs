//! `exit_aio`: kills every context of a dying address space, and waits for all requests.
//!
//! The rings are `exit_mmap`'s to unmap. Source: fs/aio.c.

mod v4_9;

pub use v4_9::exit_aio as v4_9;

use crate::memory::Handle;
use crate::mm::Mm;
use crate::world::world;

/// `exit_aio` of the revision that runs.
pub fn exit_aio(mm: Handle<Mm>) {
    world(|w| w.revision.exit_aio)(mm);
}
