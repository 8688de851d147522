//! Schedules written by names: the decisions of a run as `run` lines, which other runs can follow.

use super::follow::Decision;
use mmreap::sync::thread::Tid;
use mmreap::trace::Site;
use mmreap::world::World;

/// `run TASK [until SITE [nth N]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The task: `PROCESS` for the first thread, `PROCESS/THREAD` for others, or one of the machine's
    /// own, or `CONTEXT#N`-style names of AIO requests (`victim/ring#1`).
    pub task: String,
    /// Where it stops: before the operation at this site. `None`: where it blocks or ends.
    pub until: Option<Stop>,
}

/// The place before which a segment stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// `FUNCTION` or `FUNCTION/OPERATION`, as sites are printed: `exit_mmap/set_bit(MMF_OOM_SKIP)`.
    pub site: String,
    /// Which arrival at the site since the segment began, counted from 1.
    pub nth: u32,
}

/// Writes the decisions of the run that is in the world as segments.
pub fn from_decisions(decisions: &[Decision], world: &World) -> Vec<Segment> {
    by_names(decisions, &|thread| world.threads()[thread.index()].name.clone())
}

/// Writes decisions as segments: whenever the thread changes, one ends.
pub fn by_names(decisions: &[Decision], name: &dyn Fn(Tid) -> String) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut start = 0;
    for next in 1..=decisions.len() {
        let thread = decisions[start].thread;
        let goes_on = decisions.get(next).is_some_and(|d| d.thread == thread);
        if !goes_on || thread == Tid::CLOCK {
            let left = decisions.get(next).and_then(|decision| decision.left);
            let until = stop(&decisions[start..next], left.filter(|_| thread != Tid::CLOCK));
            segments.push(Segment { task: name(thread), until });
            start = next;
        }
    }
    segments
}

fn stop(decisions: &[Decision], left: Option<Site>) -> Option<Stop> {
    let site = left?;
    let passed = decisions.iter().filter(|decision| same_words(&decision.site, &site));
    Some(Stop { site: site.to_string(), nth: passed.count() as u32 + 1 })
}

/// Whether a schedule cannot tell the places from each other: it does not name the protocol's function.
fn same_words(a: &Site, b: &Site) -> bool {
    (a.function(), a.verb(), a.noun()) == (b.function(), b.verb(), b.noun())
}
