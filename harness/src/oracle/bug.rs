//! O-BUG: what the kernel itself says must never be.
//!
//! Promise: a `BUG_ON` of a kernel function that is modelled, or a `VM_BUG_ON`, for the model is a debug kernel, ends
//! the run, and the failure is about the first; a `WARN_ON` is an event, and of several the first by name is heard, so
//! that their order does not matter. `docs/fidelity.md` has all of them. Tolerance: who breaks memory or what others
//! rely on is named for that, and a warning about it is not heard.

use super::{Apart, Failure, Oracle, Rule};
use crate::case::Signature;
use mmreap::trace::{Event, EventKind, Kind, Site};
use mmreap::world::World;

/// The name of the oracle.
pub(super) const O_BUG: &str = "O-BUG";

static ASSERTED: Rule = Rule {
    name: "what the kernel asserts",
    text: "what a BUG_ON, a VM_BUG_ON or a WARN_ON says must not be is not so when the kernel comes there",
    source: "Documentation/process/coding-style.rst",
    noticed: "what it asserts holds whatever others do",
    other: "nobody relies on what it changes",
    apart: Apart::Noticed,
};

/// Judges warnings, and says what every failure of an assertion breaks.
pub struct Bug;

impl Oracle for Bug {
    /// Looks for a warning. What ended the run is [`super::memory`]'s to say.
    fn judge(&self, world: &World) -> Option<Failure> {
        let events = world.log.iter().enumerate();
        let warnings = events.filter(|(_, event)| event.kind == EventKind::Warning);
        let (index, event) =
            warnings.min_by_key(|(_, event)| (event.site.to_string(), event.object))?;
        let Event { object, site, thread, .. } = *event;
        let task = &world.threads()[thread.index()].name;
        Some(Failure {
            signature: signature(object.kind, site),
            title: "kernel warning",
            object,
            events: vec![index as u32],
            details: vec![format!("met by {task} in {site}")],
        })
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::Warning)
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == O_BUG { vec![&ASSERTED] } else { Vec::new() }
    }
}

/// What tells assertions apart is what each says.
pub(super) fn signature(kind: Kind, site: Site) -> Signature {
    Signature {
        oracle: O_BUG.to_string(),
        object: kind.name().to_string(),
        sites: vec![site.to_string()],
    }
}
