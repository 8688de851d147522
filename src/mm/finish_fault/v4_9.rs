//! v4.9 had no `finish_fault`, but its second part.
//!
//! Source: `alloc_set_pte` in mm/memory.c of v4.9.

use crate::mm::fault::{Fault, VmFault};
use crate::mm::file_fault::alloc_set_pte;
use crate::page::Frame;

/// `alloc_set_pte`.
pub fn finish_fault(fault: Fault, frame: Frame) -> Result<bool, VmFault> {
    Ok(alloc_set_pte(fault, frame))
}
