//! Strategies of somebody's own. What is added is there for the whole process, as operations are.

use super::{Kind, find};
use crate::registry::{Registry, is_word};
use std::error::Error;
use std::fmt;

pub(super) static ADDED: Registry<Kind> = Registry::new();

/// Adds a strategy, so that cases can have it, and campaigns give it runs if it has shares. Again is as good as once.
///
/// # Errors
///
/// If another strategy has the word, if no case could have it, or if its numbers do not go together.
pub fn add(kind: &'static Kind) -> Result<(), Refused> {
    match find(kind.word) {
        Some(other) if std::ptr::eq(other, kind) => return Ok(()),
        Some(_) => return Err(Refused::Taken(kind.word)),
        None if !is_word(kind.word) => return Err(Refused::Word(kind.word)),
        None if !kind.is_consistent() => return Err(Refused::Numbers(kind.word)),
        None => {}
    }
    ADDED.add(kind);
    Ok(())
}

/// Why a strategy cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Another one has the word.
    Taken(&'static str),
    /// It is no word of a strategy.
    Word(&'static str),
    /// Two numbers have one key, there are too many, or its shares do not give them after a seed.
    Numbers(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Taken(word) => write!(f, "there is another strategy named `{word}`"),
            Refused::Word(word) => write!(f, "no strategy can be called `{word}`"),
            Refused::Numbers(word) => write!(f, "the numbers of `{word}` do not go together"),
        }
    }
}

impl Error for Refused {}
