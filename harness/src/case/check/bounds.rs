//! Bounds of numbers, and the alphabets of names and words.
//!
//! The parser uses them to say what a number may be where there is none; the rules use them on the
//! tree.

use super::{Item, Place, Problem, Verdict};
use crate::case::{error::quote, limit};
use crate::schedule::Parameter;

/// What a number counts, and how small and large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    what: &'static str,
    least: i128,
    most: i128,
}

impl Bounds {
    const fn new(what: &'static str, least: i128, most: i128) -> Self {
        Bounds { what, least, most }
    }

    /// Refuses a number outside.
    pub(crate) fn check(&self, value: impl Into<i128>, place: Place) -> Verdict {
        let value = value.into();
        let inside = (self.least..=self.most).contains(&value);
        place.demand(inside, || (self.refusal(&value.to_string()), self.rule()))
    }

    /// What is wrong with a number outside.
    pub(crate) fn refusal(&self, value: &str) -> String {
        format!("{} is out of bounds", quote(value))
    }

    /// What is allowed.
    pub(crate) fn rule(&self) -> String {
        format!("{}: {} to {}", self.what, self.least, self.most)
    }
}

/// Of a number that follows the word of a strategy.
impl From<&Parameter> for Bounds {
    fn from(&Parameter { key, least, most }: &Parameter) -> Self {
        Bounds::new(key, least.into(), most.into())
    }
}

/// `frames N`.
pub const FRAMES: Bounds = Bounds::new("frames", 4, limit::FRAMES as i128);
/// `min N` and `high N`: less than the frames.
pub const WATERMARK: Bounds = Bounds::new("watermark", 0, limit::FRAMES as i128 - 1);
/// `adj N`.
pub const ADJ: Bounds = Bounds::new("oom_score_adj", -1000, 1000);
/// `notifiers N`.
pub const NOTIFIERS: Bounds = Bounds::new("notifiers", 0, limit::NOTIFIERS as i128);
/// `N pages` of a VMA.
pub const PAGES: Bounds = Bounds::new("pages", 1, limit::PAGES as i128);
/// `alloc N`.
pub const ALLOC: Bounds = Bounds::new("pages", 1, u8::MAX as i128);
/// `sleep N`, `after N`.
pub const JIFFIES: Bounds = Bounds::new("jiffies", 0, limit::JIFFIES as i128);
/// `probability N`.
pub const PROBABILITY: Bounds = Bounds::new("percent", 0, 100);
/// `interval N`.
pub const INTERVAL: Bounds = Bounds::new("calls", 1, u32::MAX as i128);
/// `times N`, `space N`.
pub const CALLS: Bounds = Bounds::new("calls", 0, u32::MAX as i128);
/// `fail-nth N`.
pub const FAIL_NTH: Bounds = Bounds::new("number of the call", 1, u32::MAX as i128);
/// `nth N`.
pub const NTH: Bounds = Bounds::new("number of the arrival", 1, u32::MAX as i128);

/// Refuses a list that is too long, at its first item that is too many.
pub(super) fn at_most(count: usize, most: usize, what: &str, excess: Item) -> Result<(), Problem> {
    Place::new(excess, "").demand(count <= most, || {
        (format!("there are {count} {what}"), format!("at most {most} are allowed"))
    })
}

/// Whether this may be declared as a name.
pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= limit::NAME
        && name.bytes().all(inner)
}

/// Whether this can stand in the text as one word.
pub fn is_word(word: &str) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() && byte != b';';
    !word.is_empty() && !word.starts_with('#') && word.bytes().all(visible)
}

/// Whether this is the name of an oracle, which must differ from `pass`.
pub fn is_oracle(oracle: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    oracle.starts_with("O-") && oracle.bytes().all(inner)
}

/// Whether a character must not stand anywhere in a case: a terminal would obey it.
pub(crate) fn is_forbidden(character: char) -> bool {
    character.is_control() && character != '\t'
}
