//! `__alloc_pages_slowpath` of v4.9: a marked thread fails before it would call the OOM killer.
//!
//! It looks at its mark a second time for that, and may find one that it has not made use of. Source:
//! mm/page_alloc.c of v4.9.

use super::ALLOC_PAGES_SLOWPATH;
use crate::page::{Frame, get_page_from_freelist};
use crate::page_alloc::may_oom::{Attempt, alloc_pages_may_oom};
use crate::page_alloc::reserve::reserve;
use crate::sync::bits::test_bit;
use crate::task::{TaskFlag, current};
use crate::trace::enter;

/// `__alloc_pages_slowpath`.
pub fn alloc_pages_slowpath() -> Option<Frame> {
    let _call = enter(ALLOC_PAGES_SLOWPATH);
    loop {
        if let Some(frame) = get_page_from_freelist(reserve(current())) {
            return Some(frame);
        }
        if test_bit(current(), TaskFlag::Memdie) {
            return None;
        }
        match alloc_pages_may_oom(|| false) {
            Attempt::Page(frame) => return Some(frame),
            Attempt::Retry => {}
            Attempt::Failure => return None,
        }
    }
}
