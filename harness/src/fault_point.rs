//! Fault points by name: those of the model, and others that a program adds for functions of its own.

use crate::registry::{Refused, Registry};
use mmreap::inject::FaultPoint;

static ADDED: Registry<FaultPoint> = Registry::new();

/// Those of the model, then those that were added.
pub fn all() -> impl Iterator<Item = &'static FaultPoint> {
    FaultPoint::ALL.iter().chain(added())
}

/// Those that were added.
pub fn added() -> Vec<&'static FaultPoint> {
    ADDED.all()
}

/// Lets cases have faults at a point, too. New cases have them as often as at the others. Again is as good as once.
///
/// ```
/// use mmreap::prelude::*;
/// use mmreap_harness::fault_point;
///
/// /// `down_write_killable` is interrupted.
/// static INTERRUPTED: FaultPoint = FaultPoint::new("interrupted");
///
/// /// What a function of one's own asks then.
/// fn lock_for_unmapping(mm: Handle<Mm>) -> bool {
///     !strikes(INTERRUPTED) && down_write_killable(mmap_sem(mm)).is_ok()
/// }
///
/// fault_point::add(&INTERRUPTED).expect("no other has the name");
/// ```
///
/// # Errors
///
/// If there is another point with the name, or if no case could name it.
pub fn add(point: &'static FaultPoint) -> Result<(), Refused> {
    ADDED.admit(point, point.name(), all().find(|other| other.name() == point.name()), true)
}
