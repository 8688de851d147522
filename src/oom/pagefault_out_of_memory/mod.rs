//! `pagefault_out_of_memory`: a fault could not be resolved for want of memory.
//!
//! Source: mm/oom_kill.c.

mod v4_9;

pub use v4_9::pagefault_out_of_memory as v4_9;

use crate::world::world;

/// `pagefault_out_of_memory` of the revision that runs.
pub fn pagefault_out_of_memory() {
    world(|w| w.revision.pagefault_out_of_memory)();
}
