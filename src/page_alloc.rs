//! The slow path of the page allocator: watermarks, reserves, and the way into the OOM killer.
//!
//! Source: `__alloc_pages_slowpath` and `__alloc_pages_may_oom` of v4.9 to v4.15. There is nothing to
//! reclaim in this machine, so direct reclaim is only the sleep that throttles it. This is the one
//! place where a lower floor calls up: the allocator has to reach the OOM killer.

use crate::oom::kill::{Request, out_of_memory};
use crate::page::{Frame, Watermark, free_pages, get_page_from_freelist};
use crate::sync::bits::test_bit;
use crate::sync::mutex::{mutex_trylock, mutex_unlock};
use crate::sync::time::memory_nap;
use crate::task::{TaskFlag, current, tsk_is_oom_victim};
use crate::trace::{What, enter, record};
use crate::world::{World, world};

/// `alloc_page(GFP_KERNEL)`: a frame, or `None` for an OOM victim that has used its reserves.
pub fn alloc_page() -> Option<Frame> {
    let frame = match get_page_from_freelist(Watermark::Min) {
        Some(frame) => Some(frame),
        None => world(|w| w.revision.alloc_pages_slowpath)(),
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
    Retry,
    Failure,
}

/// `__alloc_pages_slowpath` of v4.9: a marked thread fails before it would call the OOM killer. It looks at
/// its mark a second time for that, and may find one that it has not made use of.
pub fn slowpath_v4_9() -> Option<Frame> {
    slowpath(|| test_bit(current(), TaskFlag::Memdie), |_| false)
}

/// `__alloc_pages_slowpath` since v4.13 (c288983dddf7): a marked thread fails only after it has tried without
/// watermarks, and then after it has called the OOM killer.
pub fn slowpath_v4_13() -> Option<Frame> {
    slowpath(|| false, |tried| test_bit(current(), TaskFlag::Memdie) && tried == Watermark::None)
}

/// `__alloc_pages_slowpath` since v4.14 (cd04ae1e2dc8): so does every thread of a victim.
pub fn slowpath_v4_14() -> Option<Frame> {
    slowpath(|| false, |tried| tsk_is_oom_victim(current()) && tried == Watermark::Oom)
}

/// Tries until it gets a page or fails, before or after it has called the OOM killer.
fn slowpath(fails_before: fn() -> bool, fails_after: fn(Watermark) -> bool) -> Option<Frame> {
    let _call = enter("__alloc_pages_slowpath");
    loop {
        let reserve = world(|w| w.revision.reserve)(current());
        if let Some(frame) = get_page_from_freelist(reserve) {
            return Some(frame);
        }
        if fails_before() {
            return None;
        }
        match may_oom(|| fails_after(reserve)) {
            Attempt::Page(frame) => return Some(frame),
            Attempt::Retry => {}
            Attempt::Failure => return None,
        }
    }
}

/// `__alloc_pages_may_oom`, and what the slow path makes of it. Who retries has slept before.
fn may_oom(fails: impl Fn() -> bool) -> Attempt {
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
    record(World::ZONE, What::OomRequest { frames: 1, forced: false });
    let progress = out_of_memory(Request::Allocation);
    mutex_unlock(oom_lock);
    if fails() || !progress {
        return Attempt::Failure;
    }
    memory_nap(1);
    Attempt::Retry
}
