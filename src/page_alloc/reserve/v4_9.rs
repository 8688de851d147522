//! Reserves of v4.9 to v4.13: the one marked thread may take everything.
//!
//! Source: `gfp_to_alloc_flags` and `gfp_pfmemalloc_allowed` in mm/page_alloc.c of v4.9 and v4.13.

use crate::memory::Handle;
use crate::page::Watermark;
use crate::sync::bits::test_bit;
use crate::task::{Task, TaskFlag};

/// The least that has to be left.
pub fn reserve(task: Handle<Task>) -> Watermark {
    if test_bit(task, TaskFlag::Memdie) { Watermark::None } else { Watermark::Min }
}
