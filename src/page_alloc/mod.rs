//! The page allocator: watermarks, reserves, and the way into the OOM killer.
//!
//! There is nothing to reclaim in this machine, so direct reclaim is only the sleep that throttles it. This is the
//! one place where a lower floor calls up: the allocator has to reach the OOM killer. Source: mm/page_alloc.c.

pub mod may_oom;
pub mod reserve;
pub mod slowpath;

use crate::page::{Frame, Watermark, free_pages, get_page_from_freelist};
use crate::sync::lock::might_sleep;
use crate::world::World;
use slowpath::alloc_pages_slowpath;

/// `alloc_page(GFP_KERNEL)`: a frame, or `None` for an OOM victim that has used its reserves.
pub fn alloc_page() -> Option<Frame> {
    might_sleep(World::ZONE);
    let frame = get_page_from_freelist(Watermark::Min).or_else(alloc_pages_slowpath);
    if frame.is_some() {
        crate::aio::allocation_succeeded();
    }
    frame
}

/// `alloc_pages` for so many frames at once, as a huge page wants them; all or nothing, without OOM.
pub fn try_alloc_frames(count: usize) -> Option<Vec<Frame>> {
    might_sleep(World::ZONE);
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
