//! Ratios of medians of which some are only known to be beyond the cap.
//!
//! Such a median counts as the cap, and the ratio says to which side it may be wrong.

use serde::Serialize;

/// A ratio, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The value, with the cap for a median that was not reached.
    pub value: f64,
    /// How the true ratio relates to it.
    pub truth: Truth,
}

/// How the true ratio relates to the value that is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Both medians were reached.
    Equal,
    /// The upper median was not reached.
    Greater,
    /// The lower median was not reached.
    Less,
    /// Neither was.
    Unknown,
}

impl Ratio {
    /// One median over the other; `None` stands for one beyond the cap, which is at least 1.
    pub fn of(upper: Option<u64>, lower: Option<u64>, cap: u64) -> Self {
        let truth = match (upper, lower) {
            (Some(_), Some(_)) => Truth::Equal,
            (None, Some(_)) => Truth::Greater,
            (Some(_), None) => Truth::Less,
            (None, None) => Truth::Unknown,
        };
        Ratio { value: upper.unwrap_or(cap) as f64 / lower.unwrap_or(cap) as f64, truth }
    }
}

/// The geometric mean: half and double cancel each other. `None` if there is nothing to be averaged.
pub fn geometric_mean(ratios: &[Ratio]) -> Option<Ratio> {
    let truth = ratios.iter().map(|ratio| ratio.truth).reduce(Truth::and)?;
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.value.ln()).sum();
    Some(Ratio { value: (logarithms / ratios.len() as f64).exp(), truth })
}

impl Truth {
    /// What stands before a value: the true ratio is so.
    pub fn mark(self) -> &'static str {
        match self {
            Truth::Equal => "",
            Truth::Greater => ">",
            Truth::Less => "<",
            Truth::Unknown => "~",
        }
    }

    /// What is known of a product of two such ratios.
    fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (one, Truth::Equal) => one,
            (Truth::Equal, other) => other,
            (one, other) if one == other => one,
            _ => Truth::Unknown,
        }
    }
}
