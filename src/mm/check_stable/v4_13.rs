//! `check_stable_address_space` since v4.13 (6b31d5955cb2): no page where `MMF_UNSTABLE` is set.
//!
//! Source: include/linux/oom.h of v4.13 to v4.15.

use crate::memory::Handle;
use crate::mm::fault::VmFault;
use crate::mm::{Mm, MmFlag};
use crate::sync::bits::test_bit;

/// `check_stable_address_space`.
pub fn check_stable(mm: Handle<Mm>) -> Result<(), VmFault> {
    if test_bit(mm, MmFlag::Unstable) { Err(VmFault::Sigbus) } else { Ok(()) }
}
