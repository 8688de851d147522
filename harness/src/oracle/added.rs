//! Oracles of somebody's own: what a patch promises besides what every kernel has to keep.
//!
//! They are asked after the others, so that what they say is not what breaks memory anyway. What is added is there for
//! the whole process.

use super::Failure;
use crate::registry::Registry;
use mmreap::world::World;

/// Judges finished runs.
///
/// It sees events and objects only, and it is a function of the trace, as the [module](super) says: proofs rely on it.
///
/// ```
/// use mmreap::prelude::*;
/// use mmreap::world::World;
/// use mmreap_harness::oracle::{self, Failure, Oracle};
///
/// /// No address space is reaped twice.
/// struct OncePerVictim;
///
/// impl Oracle for OncePerVictim {
///     fn judge(&self, world: &World) -> Option<Failure> {
///         let begins = |&index: &usize| {
///             matches!(world.log[index].what, What::Trace(Tracepoint::StartTaskReaping))
///         };
///         let starts: Vec<usize> = (0..world.log.len()).filter(begins).collect();
///         let again = starts.windows(2).find(|two| {
///             world.log[two[0]].object == world.log[two[1]].object
///         })?;
///         Some(Failure::of_events(world, "O-ONCE", "reaped twice", &[again[1], again[0]]))
///     }
/// }
///
/// oracle::add(&OncePerVictim);
/// ```
pub trait Oracle: Sync {
    /// The failure of the run that is in the world, if it failed.
    fn judge(&self, world: &World) -> Option<Failure>;
}

static ADDED: Registry<dyn Oracle> = Registry::new();

/// Has every run judged by an oracle, too.
pub fn add(oracle: &'static dyn Oracle) {
    ADDED.add(oracle);
}

pub(super) fn judge(world: &World) -> Option<Failure> {
    ADDED.all().iter().find_map(|oracle| oracle.judge(world))
}
