//! Operations of somebody's own. What is added is there for the whole process, as kernels and oracles are.

use super::{Kind, find};
use crate::registry::{Registry, is_word};
use std::error::Error;
use std::fmt;

pub(super) static ADDED: Registry<Kind> = Registry::new();

/// Adds an operation, so that threads of a case can do it, and new cases have it as often as it says. Again is as good
/// as once.
///
/// # Errors
///
/// If another operation has the word, if no case could have it, or if its parameters do not go together.
pub fn add(kind: &'static Kind) -> Result<(), Refused> {
    match find(kind.word) {
        Some(other) if std::ptr::eq(other, kind) => return Ok(()),
        Some(_) => return Err(Refused::Taken(kind.word)),
        None if !is_word(kind.word) => return Err(Refused::Word(kind.word)),
        None if !kind.is_consistent() => return Err(Refused::Parameters(kind.word)),
        None => {}
    }
    ADDED.add(kind);
    Ok(())
}

/// Why an operation cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Another one has the word.
    Taken(&'static str),
    /// It is no word of an operation.
    Word(&'static str),
    /// Two parameters are of one sort, or one that another needs is missing.
    Parameters(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Taken(word) => write!(f, "there is another operation named `{word}`"),
            Refused::Word(word) => write!(f, "no thread can do what is called `{word}`"),
            Refused::Parameters(word) => {
                write!(f, "the parameters of `{word}` do not go together")
            }
        }
    }
}

impl Error for Refused {}
