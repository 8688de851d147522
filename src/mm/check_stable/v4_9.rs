//! Before v4.13 there was no `check_stable_address_space`: no fault asked.

use crate::memory::Handle;
use crate::mm::Mm;
use crate::mm::fault::VmFault;

/// Every address space is stable.
pub fn check_stable(_mm: Handle<Mm>) -> Result<(), VmFault> {
    Ok(())
}
