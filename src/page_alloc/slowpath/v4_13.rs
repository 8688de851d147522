//! `__alloc_pages_slowpath` of v4.13 (c288983dddf7): a marked thread fails only after it has tried without
//! watermarks, and then after it has called the OOM killer.
//!
//! Source: mm/page_alloc.c of v4.13.

use super::ALLOC_PAGES_SLOWPATH;
use crate::page::{Frame, Watermark, get_page_from_freelist};
use crate::page_alloc::may_oom::{Attempt, alloc_pages_may_oom};
use crate::page_alloc::reserve::reserve;
use crate::sync::bits::test_bit;
use crate::task::{TaskFlag, current};
use crate::trace::enter;

/// `__alloc_pages_slowpath`.
pub fn alloc_pages_slowpath() -> Option<Frame> {
    let _call = enter(ALLOC_PAGES_SLOWPATH);
    loop {
        let reserve = reserve(current());
        if let Some(frame) = get_page_from_freelist(reserve) {
            return Some(frame);
        }
        let fails = || test_bit(current(), TaskFlag::Memdie) && reserve == Watermark::None;
        match alloc_pages_may_oom(fails) {
            Attempt::Page(frame) => return Some(frame),
            Attempt::Retry => {}
            Attempt::Failure => return None,
        }
    }
}
