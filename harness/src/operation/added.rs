//! Operations of somebody's own. What is added is there for the whole process, as kernels and oracles are.

use super::{Kind, find};
use crate::registry::{Refused, Registry};

pub(super) static ADDED: Registry<Kind> = Registry::new();

/// Adds an operation, so that threads of a case can do it, and new cases have it as often as it says. Again is as good
/// as once.
///
/// # Errors
///
/// If another operation has the word, if no case could have it, or if its parameters do not go together: two are of one
/// sort, or one that another needs is missing.
pub fn add(kind: &'static Kind) -> Result<(), Refused> {
    ADDED.admit(kind, kind.word, find(kind.word), kind.is_consistent())
}
