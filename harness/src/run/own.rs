//! O-SELF: mmreap itself failed.
//!
//! Promise: a run in which the model or an oracle panics is a failure of its own, known by file and line, and
//! says nothing of the kernel. Tolerance: none. It is no oracle over events, because what a broken run noted
//! may be anything.

use super::accident::Accident;
use crate::case::Signature;
use crate::oracle::Failure;
use mmreap::trace::{Kind, ObjectRef};

/// The failure that an accident is.
pub fn failure(accident: &Accident) -> Failure {
    let Accident { message, place } = accident;
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    Failure {
        signature: Signature {
            oracle: "O-SELF".to_string(),
            object: Kind::None.name().to_string(),
            sites: vec![place.clone()],
        },
        title: "mmreap itself failed",
        object: ObjectRef::NONE,
        events: Vec::new(),
        details: vec![format!("panicked at {place}: {}", message.join(" "))],
    }
}
