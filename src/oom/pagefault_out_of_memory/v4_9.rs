//! `pagefault_out_of_memory` of v4.9 to v4.15: kills somebody, unless somebody else is at it. Who is to die itself
//! asks all the same (until 0b28179a6138, v5.16).
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use crate::oom::out_of_memory::{Request, out_of_memory};
use crate::sync::mutex::{mutex_trylock, mutex_unlock};
use crate::trace::{EventKind, enter, record};
use crate::world::{World, world};

/// `pagefault_out_of_memory`.
pub fn pagefault_out_of_memory() {
    let _call = enter("pagefault_out_of_memory");
    let oom_lock = world(|w| w.oom.oom_lock());
    if mutex_trylock(oom_lock) {
        record(World::ZONE, EventKind::OomRequest { frames: 1, forced: false });
        out_of_memory(Request::Allocation);
        mutex_unlock(oom_lock);
    }
}
