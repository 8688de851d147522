//! The certificate: that no schedule with fewer preemptions fails in the same way.
//!
//! It comes from trying them all, up to equivalence ([`crate::prove`]), for the smallest case found. If one
//! fails after all, it takes the place of the schedule at hand, and everything begins again. Schedules are all
//! that a runner can be made to follow; the same way is the same signature, and what fails in another way may
//! need fewer.
//!
//! The certificate is a comment of the case, and is about this case on its own kernel only. Whoever edits the
//! case, or the model, makes it stale; [`crate::corpus::certify`] says so, and makes it anew.

use super::search::bounded;
use super::{Best, Minimizer};
use crate::case::Case;
use crate::counted::counted;
use serde::Serialize;
use std::fmt;

/// Runs that a certificate may cost, and that are tried without one.
const BUDGET: u64 = 8_000;

/// How the comment begins, by which an older one is known.
const PREFIX: &str = "minimal: ";

/// What is known of schedules with fewer preemptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Certificate {
    /// There is none with fewer: the case fails without a preemption.
    None,
    /// All of them were tried, and none fails with the signature.
    All {
        /// Preemptions of the case.
        preemptions: usize,
        /// Runs it took.
        tried: u64,
    },
    /// There were too many to try all; none of those that were tried fails with the signature.
    Some {
        /// Preemptions of the case.
        preemptions: usize,
        /// Runs.
        tried: u64,
    },
}

/// Tries to certify the case. `None` if a schedule with fewer preemptions fails, which is the best then.
pub(super) fn certify(minimizer: &mut Minimizer<'_>, best: &mut Best) -> Option<Certificate> {
    minimizer.turn("certificate");
    let preemptions = best.measure.preemptions;
    let before = minimizer.runs;
    let mut free = best.case.clone();
    free.schedule.segments.clear();
    for bound in 0..preemptions {
        minimizer.tally().tried += 1;
        let left = BUDGET.saturating_sub(minimizer.runs - before).max(1);
        match bounded(minimizer, &free, bound as u32, left) {
            Ok(None) => {}
            Ok(Some(found)) if found.measure < best.measure => {
                minimizer.take(best, Some(found));
                return None;
            }
            _ => {
                let tried = minimizer.runs - before;
                return Some(Certificate::Some { preemptions, tried });
            }
        }
    }
    let tried = minimizer.runs - before;
    Some(match preemptions {
        0 => Certificate::None,
        _ => Certificate::All { preemptions, tried },
    })
}

impl Certificate {
    /// What an earlier minimisation noted in a case, if one did: which note it is, and what it says.
    pub fn noted(case: &Case) -> Option<(usize, &str)> {
        let mut notes = case.notes.iter().enumerate();
        notes.find_map(|(index, note)| Some((index, note.strip_prefix(PREFIX)?)))
    }

    /// Whether a note is one.
    pub fn is_written_in(note: &str) -> bool {
        note.starts_with(PREFIX)
    }

    /// Puts it among the notes of a case, where an older one stood.
    pub fn note(&self, case: &mut Case) {
        let place = Certificate::noted(case).map_or(case.notes.len(), |(index, _)| index);
        case.notes.retain(|note| !Certificate::is_written_in(note));
        case.notes.insert(place, format!("{PREFIX}{self}"));
    }

    /// Drops a note that speaks of another number of preemptions than the case has.
    pub fn drop_if_wrong(case: &mut Case, preemptions: usize) {
        if Certificate::noted(case).is_some_and(|(_, said)| spoken_of(said) != Some(preemptions)) {
            case.notes.retain(|note| !Certificate::is_written_in(note));
        }
    }
}

/// The number of preemptions that a note speaks of.
fn spoken_of(said: &str) -> Option<usize> {
    if said == Certificate::None.to_string() {
        return Some(0);
    }
    said.split_whitespace().next()?.parse().ok()
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |n| counted(n, "preemption", "preemptions");
        match *self {
            Certificate::None => write!(f, "fails without a preemption"),
            Certificate::All { preemptions: n, tried } => {
                let fewer = "no schedule with fewer fails this way";
                write!(f, "{}; {fewer}, {tried} tried", many(n))
            }
            Certificate::Some { preemptions: n, tried } => {
                write!(f, "{}; of those with fewer {tried} were tried, not all", many(n))
            }
        }
    }
}
