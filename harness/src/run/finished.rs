//! A finished run: what it came to, and all that was there when it ended.
//!
//! It is a value: whoever asks what happened asks the run, which may be an older one than the latest.

use super::Absent;
use super::pool::Lent;
use crate::case::Segment;
use crate::oracle::Failure;
use crate::schedule::follow::{Decision, Divergences};
use crate::schedule::segments::from_decisions;
use crate::schedule::watch::Step;
use mmreap::world::{End, World};
use std::fmt;

/// A run that is over.
///
/// ```
/// use mmreap::trace::EventKind;
/// use mmreap_harness::case::parse::parse;
/// use mmreap_harness::kernel;
/// use mmreap_harness::run::{Run, Runner};
///
/// let text = "mmreap case 1\nkernel v4.15\n\nprocess p\n  thread main: exit\n";
/// let case = parse(text).expect("it is a case");
/// let mut runner = Runner::new();
/// let [old, new] = ["v4.9", "v4.15"].map(|release| {
///     runner.run_case(&case, kernel::find(release).expect("it is a release"))
/// });
/// assert_eq!((&old.failure, &new.failure), (&None, &None));
///
/// // Both can be looked at: their events, oldest first, are in the logs of their worlds.
/// let calls = |run: &Run, function| {
///     let calls = run.world().log.iter().filter(|event| event.kind == EventKind::Enter);
///     calls.filter(|event| event.site.function() == function).count()
/// };
/// assert_eq!((calls(&old, "exit_mmap"), calls(&new, "exit_mmap")), (1, 1));
/// assert_eq!((old.world().revision.name, new.world().revision.name), ("v4.9", "v4.15"));
/// ```
#[derive(Debug)]
pub struct Run {
    /// The failure, if an oracle found one.
    pub failure: Option<Failure>,
    /// How it ended.
    pub end: End,
    /// Scheduling decisions.
    pub steps: u32,
    /// Segments of the case that could not be followed.
    pub divergences: Divergences,
    /// Pages that the case declares and the machine does not have.
    pub absent: Vec<Absent>,
    /// Every decision, if they were [recorded](super::Runner::record); none otherwise.
    pub decisions: Vec<Decision>,
    pub(super) lent: Lent,
}

impl Run {
    /// Everything of the run, as it was when it ended.
    pub fn world(&self) -> &World {
        &self.lent.parts().world
    }

    /// What the scheduler let happen, for coverage; nothing unless the runner [watches](super::Runner::watching).
    pub fn watched(&self) -> &[Step] {
        self.lent.parts().notes.steps()
    }

    /// The schedule of a run whose decisions were recorded, written by names.
    pub fn segments(&self) -> Vec<Segment> {
        from_decisions(&self.decisions, self.world())
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
