//! A rule of the protocol: what an oracle watches, as a reader is told when it is broken.
//!
//! Which rule a failure breaks follows from its signature, which oracles make of events and objects; no rule knows a
//! release, except as its source. A rule stands in the file of the oracle that watches it; those that several watch, and
//! the five obligations, in [`super::obligations`].

use serde::Serialize;

/// A rule that everybody relies on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is about, in a word; the five obligations bear their numbers.
    pub name: &'static str,
    /// The rule.
    pub text: &'static str,
    /// The commits that made it or repaired its breach, with their releases.
    pub source: &'static str,
    /// What the task that notices a breach takes for granted.
    pub noticed: &'static str,
    /// What the other task takes for granted.
    pub other: &'static str,
    /// What two breaches of it have in common if they are the same bug.
    #[serde(skip)]
    pub apart: Apart,
}

/// What tells the bugs apart that break one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// The two places in conflict.
    Places,
    /// The place that noticed: it relies on what anybody may break.
    Noticed,
    /// The kind of object: whoever uses it last without a reference is chance.
    Object,
    /// Nothing: there is one such thing.
    Nothing,
}
