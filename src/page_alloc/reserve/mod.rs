//! `__gfp_pfmemalloc_flags`: which reserves a task may use.
//!
//! Source: mm/page_alloc.c.

mod v4_14;
mod v4_9;

pub use v4_9::reserve as v4_9;
pub use v4_14::reserve as v4_14;

use crate::memory::Handle;
use crate::page::Watermark;
use crate::task::Task;
use crate::world::world;

/// What `__gfp_pfmemalloc_flags` of the revision that runs comes to.
pub fn reserve(task: Handle<Task>) -> Watermark {
    world(|w| w.revision.reserve)(task)
}
