//! The slow path of the page allocator: watermarks, reserves, and the way into the OOM killer.
//!
//! Source: `__alloc_pages_slowpath` and `__alloc_pages_may_oom` of v4.9 to v4.15. There is nothing to
//! reclaim in this machine, so direct reclaim is only the sleep that throttles it. This is the one
//! place where a lower floor calls up: the allocator has to reach the OOM killer.

use crate::oom::kill::{Request, out_of_memory};
use crate::page::{Frame, Watermark, free_pages, get_page_from_freelist};
use crate::sync::mutex::{mutex_trylock, mutex_unlock};
use crate::sync::time::memory_nap;
use crate::task::current;
use crate::trace::{What, enter, record};
use crate::world::{World, world};

/// `alloc_page(GFP_KERNEL)`: a frame, or `None` for an OOM victim that has used its reserves.
pub fn alloc_page() -> Option<Frame> {
    let frame = match get_page_from_freelist(Watermark::Min) {
        Some(frame) => Some(frame),
        None => slow_path(),
    };
    if frame.is_some() {
        crate::aio::allocation_succeeded();
    }
    frame
}

/// `alloc_pages` for so many frames at once, as a huge page wants them; all or nothing, without OOM.
pub fn try_alloc_frames(count: usize) -> Option<Vec<Frame>> {
    let mut frames = Vec::with_capacity(count);
    while frames.len() < count {
        match get_page_from_freelist(Watermark::Min) {
            Some(frame) => frames.push(frame),
            None => {
                free_pages(&frames);
                return None;
            }
        }
    }
    Some(frames)
}

/// What the attempt under `oom_lock` brought.
enum Attempt {
    Page(Frame),
    Progress,
    Hopeless,
}

fn slow_path() -> Option<Frame> {
    let _call = enter("__alloc_pages_slowpath");
    loop {
        let reserve = world(|w| w.revision.reserve)(current());
        if let Some(frame) = get_page_from_freelist(reserve) {
            return Some(frame);
        }
        if reserve != Watermark::Min {
            return None;
        }
        match may_oom() {
            Attempt::Page(frame) => return Some(frame),
            Attempt::Progress => {}
            Attempt::Hopeless => return None,
        }
    }
}

fn may_oom() -> Attempt {
    let _call = enter("__alloc_pages_may_oom");
    let oom_lock = world(|w| w.oom.oom_lock());
    if !mutex_trylock(oom_lock) {
        memory_nap(1);
        return Attempt::Progress;
    }
    if let Some(frame) = get_page_from_freelist(Watermark::High) {
        mutex_unlock(oom_lock);
        return Attempt::Page(frame);
    }
    record(World::ZONE, What::OomRequest { frames: 1, forced: false });
    let progress = out_of_memory(Request::Allocation);
    mutex_unlock(oom_lock);
    if !progress {
        return Attempt::Hopeless;
    }
    memory_nap(1);
    Attempt::Progress
}
