//! Reserves since v4.14 (cd04ae1e2dc8): every thread of a victim may take a part.
//!
//! Source: `__gfp_pfmemalloc_flags` in mm/page_alloc.c of v4.14 and v4.15.

use crate::memory::Handle;
use crate::page::Watermark;
use crate::task::{Task, tsk_is_oom_victim};

/// The least that has to be left.
pub fn reserve(task: Handle<Task>) -> Watermark {
    if tsk_is_oom_victim(task) { Watermark::Oom } else { Watermark::Min }
}
