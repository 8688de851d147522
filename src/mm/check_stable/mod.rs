//! `check_stable_address_space`: whether the reaper may have taken pages away that a fault must not replace.
//!
//! Source: include/linux/oom.h.

mod v4_13;
mod v4_9;

pub use v4_9::check_stable as v4_9;
pub use v4_13::check_stable as v4_13;

use super::Mm;
use super::fault::VmFault;
use crate::memory::Handle;
use crate::world::world;

/// `check_stable_address_space` of the revision that runs.
pub fn check_stable(mm: Handle<Mm>) -> Result<(), VmFault> {
    world(|w| w.revision.check_stable)(mm)
}
