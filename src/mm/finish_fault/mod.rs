//! `finish_fault`: puts a page into a fault's entry.
//!
//! [`v4_9`] and [`v4_13`] differ in whether they ask if the address space is stable. Source: mm/memory.c.

mod v4_13;
mod v4_9;

pub use v4_9::finish_fault as v4_9;
pub use v4_13::finish_fault as v4_13;

use super::fault::{Fault, VmFault};
use crate::page::Frame;
use crate::world::world;

/// Puts a page into the fault's entry: whether it did, or somebody else was faster.
pub type FinishFault = fn(Fault, Frame) -> Result<bool, VmFault>;

/// `finish_fault` of the revision that runs.
pub fn finish_fault(fault: Fault, frame: Frame) -> Result<bool, VmFault> {
    world(|w| w.revision.finish_fault)(fault, frame)
}
