//! `handle_mm_fault` of v4.9 (3f70dc38cec2): kernel threads learn afterwards that the address space is unstable.
//!
//! Source: mm/memory.c of v4.9.

use crate::memory::Handle;
use crate::mm::MmFlag;
use crate::mm::fault::{VmFault, resolve};
use crate::mm::vma::Vma;
use crate::sync::bits::{peek_bit, test_bit};
use crate::task::{TaskFlag, current};
use crate::trace::protocol;

/// `handle_mm_fault`.
pub fn handle_mm_fault(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let mm = vma.peek(|vma| vma.mm);
    let _call = protocol("handle_mm_fault", mm.object());
    resolve(vma, page, write)?;
    if peek_bit(current(), TaskFlag::Kthread) && test_bit(mm, MmFlag::Unstable) {
        return Err(VmFault::Sigbus);
    }
    Ok(())
}
