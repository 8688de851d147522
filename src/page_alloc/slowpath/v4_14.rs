//! `__alloc_pages_slowpath` since v4.14 (cd04ae1e2dc8): every thread of a victim fails after it has tried with the
//! reserves of victims, and has called the OOM killer.
//!
//! Source: mm/page_alloc.c of v4.14 and v4.15.

use super::ALLOC_PAGES_SLOWPATH;
use crate::page::{Frame, Watermark, get_page_from_freelist};
use crate::page_alloc::may_oom::{Attempt, alloc_pages_may_oom};
use crate::page_alloc::reserve::reserve;
use crate::task::{current, tsk_is_oom_victim};
use crate::trace::enter;

/// `__alloc_pages_slowpath`.
pub fn alloc_pages_slowpath() -> Option<Frame> {
    let _call = enter(ALLOC_PAGES_SLOWPATH);
    loop {
        let reserve = reserve(current());
        if let Some(frame) = get_page_from_freelist(reserve) {
            return Some(frame);
        }
        let fails = || tsk_is_oom_victim(current()) && reserve == Watermark::Oom;
        match alloc_pages_may_oom(fails) {
            Attempt::Page(frame) => return Some(frame),
            Attempt::Retry => {}
            Attempt::Failure => return None,
        }
    }
}
