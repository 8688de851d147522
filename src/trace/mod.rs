//! The event log of a run: what happened, where, to which object, in which order.
//!
//! The log is all that oracles and diagrams see. It is a list of small plain records, so that logging
//! costs little and two logs can be compared byte for byte. Kernel names are the names here. Events that are
//! judged by their order are touches of what they are judged against (`judged`).

mod event;
pub(crate) mod judged;
pub(crate) mod names;
pub mod noun;
mod role;
mod site;

pub use crate::world::Kind;
pub use event::{Event, EventKind, Log, ObjectRef, SkipReason, Tracepoint};
pub use role::{Actor, Function, Role};
pub use site::{Call, Frame, Site, base, enter, protocol};

use crate::world::world;

/// Appends an event of the running thread to the log.
pub fn record(object: ObjectRef, kind: EventKind) {
    world(|w| w.record(object, kind));
}
