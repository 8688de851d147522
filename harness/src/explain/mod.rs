//! Explains a failure: what happened, to whom, in which order, on a page that fits a commit message.
//!
//! The diagram has one column for each task that matters and time downwards, as kernel developers
//! draw races by hand. It is computed from the event log and the objects of the run, which the world
//! still holds; nothing is re-run, and nothing here knows a revision from another. What is left out
//! is most of the log: `slice` says what stays, `words` how it is spelled, `diagram` where it
//! stands. [`waits`] explains runs that failed because nothing happened any more.
//!
//! An [`Explanation`] is a value. Printing it, or storing it, is the caller's business.

mod diagram;
mod layout;
mod log;
mod names;
mod slice;
mod stacks;
mod subjects;
mod text;
pub mod waits;
mod words;

pub use diagram::{COLUMNS, Diagram, ROWS, Row};
pub use log::log;

use crate::case::Case;
use crate::oracle::Failure;
use mmreap::world::{End, World};
use std::fmt;
use waits::Waits;

/// No line of an explanation is wider.
pub const WIDTH: usize = 72;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The failure in a line, with the revision that ran.
    pub headline: String,
    /// Who did what when.
    pub diagram: Diagram,
    /// Who waits for whom, if the run ended with somebody waiting.
    pub waits: Waits,
    /// The signature, as `expect` lines have it.
    pub signature: String,
    /// What the oracle adds, a line each.
    pub details: Vec<String>,
    /// The size of the case.
    pub size: String,
}

/// Explains the failure of the run that is in the world. `end` is how the run ended.
pub fn explain(world: &World, case: &Case, failure: &Failure, end: End) -> Explanation {
    let waiting = matches!(end, End::Quiescent | End::Livelock) && !world.stuck.is_empty();
    Explanation {
        headline: format!("BUG: {} ({})", failure.headline, world.revision.name),
        diagram: diagram::draw(world, failure, end),
        waits: if waiting { Waits::of(world) } else { Waits::default() },
        signature: failure.signature.to_string(),
        details: failure.details.clone(),
        size: size(case),
    }
}

fn size(case: &Case) -> String {
    let parts = [
        (case.processes.len(), "process", "processes"),
        (case.faults.len(), "fault", "faults"),
        (case.schedule.segments.len(), "segment", "segments"),
    ];
    let part = |(n, one, many)| format!("{n} {}", if n == 1 { one } else { many });
    format!("case: {}", parts.map(part).join(", "))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::paragraph(f, 0, &self.headline)?;
        write!(f, "\n{}", self.diagram)?;
        if !self.waits.edges.is_empty() {
            write!(f, "\n{}", self.waits)?;
        }
        writeln!(f)?;
        text::paragraph(f, 2, &self.signature)?;
        self.details.iter().try_for_each(|detail| text::paragraph(f, 2, detail))?;
        text::paragraph(f, 2, &self.size)
    }
}
