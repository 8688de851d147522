//! Following a case's segments: `run TASK until SITE`.
//!
//! A segment constrains only what it names. While its task is blocked, the others run in order until it
//! can go on; when all segments are done, the strategy decides. A segment that cannot be followed, because
//! its task does not exist, ended, or never came to the place, is a divergence: it is skipped and
//! remembered, never hidden.

use super::in_order::InOrder;
use crate::case::Segment;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use mmreap::trace::Site;
use mmreap::world::world;

/// A segment that could not be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Its index in the schedule.
    pub segment: usize,
    /// What stood in the way.
    pub reason: Obstacle,
}

/// Why a segment could not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no task with the name.
    NoTask,
    /// The task ended before it came to the place.
    Ended,
    /// The run ended before the task came to the place.
    NotReached,
}

/// Follows segments, then a strategy.
pub struct Follow {
    segments: Vec<Segment>,
    rest: Box<dyn Choose>,
    position: usize,
    arrivals: u32,
    divergences: Vec<Divergence>,
    decisions: Option<Vec<Decision>>,
}

/// One scheduling decision, as far as it is needed to write the schedule down by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who was chosen.
    pub thread: Tid,
    /// What it was about to do.
    pub site: Site,
    /// What the thread that ran before could have done next; `None` if it could not go on.
    pub left: Option<Site>,
}

/// What the segment at hand says.
enum Order {
    Run(Tid),
    Wait,
    Done,
    Diverged(Obstacle),
}

impl Follow {
    /// The segments, then the strategy.
    pub fn new(segments: Vec<Segment>, rest: Box<dyn Choose>) -> Self {
        let (divergences, decisions) = (Vec::new(), None);
        Follow { segments, rest, position: 0, arrivals: 0, divergences, decisions }
    }

    /// The same, and every decision is recorded.
    pub fn recording(segments: Vec<Segment>, rest: Box<dyn Choose>) -> Self {
        Follow { decisions: Some(Vec::new()), ..Follow::new(segments, rest) }
    }

    /// What was decided, if it was recorded.
    pub fn take_decisions(&mut self) -> Vec<Decision> {
        self.decisions.take().unwrap_or_default()
    }

    /// The segments that could not be followed; the first that the run did not reach closes the list.
    pub fn divergences(&self) -> Vec<Divergence> {
        let mut all = self.divergences.clone();
        let waits = self.segments.get(self.position).is_some_and(|s| s.until.is_some());
        if waits {
            all.push(Divergence { segment: self.position, reason: Obstacle::NotReached });
        }
        all
    }

    fn decide(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        if self.position < self.segments.len()
            && let Some(thread) = self.follow(candidates, current)
        {
            return thread;
        }
        self.rest.choose(candidates, current)
    }

    /// What the segments say; `None` if they are done.
    #[inline(never)]
    fn follow(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Option<Tid> {
        while let Some(segment) = self.segments.get(self.position) {
            match order(segment, candidates, &mut self.arrivals) {
                Order::Run(thread) => {
                    if thread == Tid::CLOCK {
                        self.next_segment();
                    }
                    return Some(thread);
                }
                Order::Wait => return Some(InOrder.choose(candidates, current)),
                Order::Done => self.next_segment(),
                Order::Diverged(reason) => {
                    self.divergences.push(Divergence { segment: self.position, reason });
                    self.next_segment();
                }
            }
        }
        None
    }

    fn next_segment(&mut self) {
        self.position += 1;
        self.arrivals = 0;
    }
}

impl Choose for Follow {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let thread = self.decide(candidates, current);
        if let Some(decisions) = &mut self.decisions {
            decisions.push(decision(thread, candidates, current));
        }
        thread
    }
}

#[inline(never)]
fn decision(thread: Tid, candidates: &[Candidate], current: Option<Tid>) -> Decision {
    let site = |thread| candidates.iter().find(|c| c.thread == thread).map(|c| c.op.site);
    let (left, site) = (current.and_then(site), site(thread).unwrap_or_default());
    Decision { thread, site, left }
}

fn order(segment: &Segment, candidates: &[Candidate], arrivals: &mut u32) -> Order {
    let Some((thread, ended)) = find(&segment.task) else {
        return Order::Diverged(Obstacle::NoTask);
    };
    let candidate = candidates.iter().find(|c| c.thread == thread);
    match (&segment.until, candidate) {
        (None, Some(_)) => Order::Run(thread),
        (None, None) => Order::Done,
        (Some(_), None) if ended => Order::Diverged(Obstacle::Ended),
        (Some(_), None) => Order::Wait,
        (Some(stop), Some(candidate)) => {
            let here = is_at(thread, &candidate.op.site, &stop.site);
            *arrivals += u32::from(here);
            if here && *arrivals >= stop.nth { Order::Done } else { Order::Run(thread) }
        }
    }
}

/// The thread with the name, and whether it has ended.
fn find(name: &str) -> Option<(Tid, bool)> {
    world(|w| {
        let position = w.threads().iter().position(|thread| thread.name == name)?;
        Some((Tid(position as u8), w.threads()[position].ended))
    })
}

/// Whether a thread that announced an operation at the site is at the place: `FUNCTION` stands for
/// every operation in it and below it, `FUNCTION/OPERATION` for one.
fn is_at(thread: Tid, site: &Site, place: &str) -> bool {
    match place.split_once('/') {
        Some((function, _)) if function != site.function() => false,
        Some(_) => site.to_string() == place,
        None => {
            let inside = |call: &mmreap::trace::Call| call.function() == place;
            world(|w| w.threads()[thread.index()].calls.iter().any(inside))
        }
    }
}
