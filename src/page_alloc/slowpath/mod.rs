//! `__alloc_pages_slowpath`: tries until it gets a page, or until an OOM victim has had enough.
//!
//! [`v4_9`], [`v4_13`] and [`v4_14`] say who gives up, and when. Source: mm/page_alloc.c.

mod v4_13;
mod v4_14;
mod v4_9;

pub use v4_9::alloc_pages_slowpath as v4_9;
pub use v4_13::alloc_pages_slowpath as v4_13;
pub use v4_14::alloc_pages_slowpath as v4_14;

use crate::page::Frame;
use crate::trace::{Function, Role};
use crate::world::world;

/// `__alloc_pages_slowpath`, in traces.
pub const ALLOC_PAGES_SLOWPATH: Function =
    Function::acting("__alloc_pages_slowpath", Role::Allocator);

/// `__alloc_pages_slowpath` of the revision that runs.
pub fn alloc_pages_slowpath() -> Option<Frame> {
    world(|w| w.revision.alloc_pages_slowpath)()
}
