//! `__alloc_pages_may_oom`: calls the OOM killer, unless somebody else is at it.
//!
//! Source: mm/page_alloc.c of v4.9 to v4.15.

use crate::oom::out_of_memory::{Request, out_of_memory};
use crate::page::{Frame, Watermark, get_page_from_freelist};
use crate::sync::mutex::{mutex_trylock, mutex_unlock};
use crate::sync::time::memory_nap;
use crate::trace::{EventKind, enter, record};
use crate::world::{World, world};

/// What the attempt under `oom_lock` brought.
pub enum Attempt {
    /// Somebody has freed a page meanwhile.
    Page(Frame),
    /// It makes sense to try again.
    Retry,
    /// It does not, or who asks gives up.
    Failure,
}

/// `__alloc_pages_may_oom`, and what the slow path makes of it: whoever `fails` does so after the attempt, and who
/// retries has slept before.
pub fn alloc_pages_may_oom(fails: impl Fn() -> bool) -> Attempt {
    let _call = enter("__alloc_pages_may_oom");
    let oom_lock = world(|w| w.oom.oom_lock());
    if !mutex_trylock(oom_lock) {
        memory_nap(1);
        return if fails() { Attempt::Failure } else { Attempt::Retry };
    }
    if let Some(frame) = get_page_from_freelist(Watermark::High) {
        mutex_unlock(oom_lock);
        return Attempt::Page(frame);
    }
    record(World::ZONE, EventKind::OomRequest { frames: 1, forced: false });
    let progress = out_of_memory(Request::Allocation);
    mutex_unlock(oom_lock);
    if fails() || !progress {
        return Attempt::Failure;
    }
    memory_nap(1);
    Attempt::Retry
}
