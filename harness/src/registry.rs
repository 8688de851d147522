//! What a program adds to what is part of mmreap: there for the whole process, its threads and its cases.
//!
//! Who may be added, and by which name it is found, is its own module's affair.

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

/// Small letters, digits and `_`, as in the name of a system call.
pub(crate) fn is_word(word: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(inner)
}
