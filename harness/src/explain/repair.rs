//! Which later release passes the same case, and which of its functions make the difference.
//!
//! Found by running: the releases after the case's own, in order, until one passes; then the last one that
//! fails, with all functions of the one that passes, and without one after the other as long as it still
//! passes. What is left is enough, and each of them is needed. That a run passes under the same case says
//! what became of this race, not that the release is right.

use crate::case::Case;
use crate::run::Runner;
use mmreap::revision::Revision;
use mmreap::revision::part::{PARTS, Part};
use serde::Serialize;

/// The release that passes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// The first later release that passes the case.
    pub kernel: &'static str,
    /// The last revision that fails.
    pub failing: &'static str,
    /// Functions which, taken over together into the revision that fails, make it pass.
    pub functions: Vec<&'static str>,
}

/// Finds the release. None if every later one fails, or there is none.
pub(super) fn find(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<Repair> {
    let mut failing = revision;
    for later in revision.successors() {
        if passes(runner, case, later) {
            let repair = Repair {
                kernel: later.name,
                failing: failing.name,
                functions: functions(runner, case, failing, later),
            };
            return Some(repair);
        }
        failing = later;
    }
    None
}

fn passes(runner: &mut Runner, case: &Case, revision: &'static Revision) -> bool {
    runner.run_case(case, revision).failure.is_none()
}

/// The functions that are needed, and enough.
fn functions(
    runner: &mut Runner,
    case: &Case,
    failing: &Revision,
    passing: &Revision,
) -> Vec<&'static str> {
    let mut parts: Vec<&Part> = PARTS.iter().collect();
    for part in &PARTS {
        let without: Vec<&Part> = parts.iter().copied().filter(|p| p.name != part.name).collect();
        if passes(runner, case, failing.with(&without, passing)) {
            parts = without;
        }
    }
    parts.into_iter().map(|part| part.name).collect()
}

impl Repair {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let Repair { kernel, failing, functions } = self;
        let functions = functions.join(" and ");
        format!("Passes on {kernel}; {failing} passes, too, with {functions} of {kernel}.")
    }
}
