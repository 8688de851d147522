//! `finish_fault` since v4.13 (6b31d5955cb2): asks for loads, too, because the process may have lost its copy.
//!
//! What it found out is old when the entry is locked. Source: mm/memory.c of v4.13 to v4.15.

use crate::mm::check_stable::check_stable;
use crate::mm::fault::{Fault, VmFault};
use crate::mm::file_fault::alloc_set_pte;
use crate::mm::vma::VmFlag;
use crate::page::Frame;
use crate::trace::protocol;

/// `finish_fault`.
pub fn finish_fault(fault: Fault, frame: Frame) -> Result<bool, VmFault> {
    let _call = protocol("finish_fault", fault.mm.object());
    if !fault.has(VmFlag::Shared) {
        check_stable(fault.mm)?;
    }
    Ok(alloc_set_pte(fault, frame))
}
