//! `handle_mm_fault` since v4.13 (6b31d5955cb2): all checks happen where pages are installed.
//!
//! Source: mm/memory.c of v4.13 to v4.15.

use crate::memory::Handle;
use crate::mm::fault::{VmFault, resolve};
use crate::mm::vma::Vma;
use crate::trace::protocol;

/// `handle_mm_fault`.
pub fn handle_mm_fault(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let _call = protocol("handle_mm_fault", vma.peek(|vma| vma.mm).object());
    resolve(vma, page, write)
}
