//! Strategies of somebody's own. What is added is there for the whole process, as operations are.

use super::{Kind, find};
use crate::registry::{Refused, Registry};

pub(super) static ADDED: Registry<Kind> = Registry::new();

/// Adds a strategy, so that cases can have it, and campaigns give it runs if it has shares. Again is as good as once.
///
/// # Errors
///
/// If another strategy has the word, if no case could have it, or if its numbers do not go together: two have one key,
/// there are too many, or its shares do not give them after a seed.
pub fn add(kind: &'static Kind) -> Result<(), Refused> {
    ADDED.admit(kind, kind.word, find(kind.word), kind.is_consistent())
}
