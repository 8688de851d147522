//! What a program adds to what is part of mmreap: there for the whole process, its threads and its cases.
//!
//! By which name a thing is found, and what has to go together in it, is its own module's affair.

use std::error::Error;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// Things of one sort that were added, in the order in which they were.
pub(crate) struct Registry<T: ?Sized + 'static>(RwLock<Vec<&'static T>>);

impl<T: ?Sized> Registry<T> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Registry(RwLock::new(Vec::new()))
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<&'static T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds one.
    pub(crate) fn add(&self, thing: &'static T) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(thing);
    }
}

impl<T> Registry<T> {
    /// Adds what cases call by a word, unless `found`, what they call by it so far, is something else. Again is as good
    /// as once.
    pub(crate) fn admit(
        &self,
        thing: &'static T,
        word: &'static str,
        found: Option<&'static T>,
        is_consistent: bool,
    ) -> Result<(), Refused> {
        match found {
            Some(found) if std::ptr::eq(found, thing) => return Ok(()),
            Some(_) => return Err(Refused::Taken(word)),
            None if !is_word(word) => return Err(Refused::Word(word)),
            None if !is_consistent => return Err(Refused::Parameters(word)),
            None => {}
        }
        self.add(thing);
        Ok(())
    }
}

/// Why something cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Another one has the name.
    Taken(&'static str),
    /// The name is no word of a case.
    Word(&'static str),
    /// What follows its word in a case does not go together.
    Parameters(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Taken(name) => write!(f, "there is another `{name}`"),
            Refused::Word(name) => write!(f, "no case can name `{name}`"),
            Refused::Parameters(name) => {
                write!(f, "the parameters of `{name}` do not go together")
            }
        }
    }
}

impl Error for Refused {}

/// Small letters, digits and `_`, as in the name of a system call.
fn is_word(word: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(inner)
}
