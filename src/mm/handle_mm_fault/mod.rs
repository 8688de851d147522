//! `handle_mm_fault`: resolves a fault, or says why not.
//!
//! [`v4_9`] and [`v4_13`] differ in who learns that the address space is not stable any more. What a fault does is in
//! [`super::fault`]. Source: mm/memory.c.

mod v4_13;
mod v4_9;

pub use v4_9::handle_mm_fault as v4_9;
pub use v4_13::handle_mm_fault as v4_13;

use super::fault::VmFault;
use super::vma::Vma;
use crate::memory::Handle;
use crate::world::world;

/// Resolves the fault at a page, of a store or a load. If somebody else was faster, the access is tried again.
pub type HandleMmFault = fn(Handle<Vma>, u32, bool) -> Result<(), VmFault>;

/// `handle_mm_fault` of the revision that runs.
pub fn handle_mm_fault(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    world(|w| w.revision.handle_mm_fault)(vma, page, write)
}
