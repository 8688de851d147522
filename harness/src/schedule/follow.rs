//! Following a case's segments: `run TASK until SITE`.
//!
//! A segment says: TASK, and nobody else, takes steps until what it would do next is at SITE. Without a place
//! it runs until it sleeps or ends. The clock fires once; with a place, as soon as it may. When all segments
//! are done, the strategy decides.
//!
//! What cannot be had is not forced. While the task of a segment with a place sleeps, the others run in order
//! until it can go on. A segment whose task does not exist, ended, or never came to the place is skipped.
//! *Lenient* and *strict* following run the same schedule, and differ in what they call a divergence:
//!
//! * lenient: a segment that was skipped. Segments are constraints; what they leave open is open.
//! * strict: also a segment during which another task had to run, that found nothing to do, or that the run
//!   did not come to. Nothing is open before the last segment is done.
//!
//! Neither is ever hidden, and neither ends the run.
//!
//! Arrivals are counted so that a schedule survives changes of the code. At `FUNCTION/OPERATION`, each
//! operation that is announced there is one, however often the scheduler may choose before it happens. At
//! `FUNCTION`, each call is one, however many operations it has.

use super::in_order::InOrder;
use super::preemption::could_go_on;
use super::{Segment, Stop};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::CLOCK;
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, EventKind, Site};
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
    /// The task ended after so many arrivals at the place.
    Ended(u32),
    /// The run ended after so many arrivals at the place.
    NotReached(u32),
    /// The task slept here, and others ran. Only strict following minds.
    Slept(Site),
    /// The task had nothing to do. Only strict following minds.
    Idle,
    /// The run ended before it was the segment's turn. Only strict following minds.
    NotBegun,
}

/// The segments that could not be followed, each list in the order of the schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Divergences {
    /// Those that any following minds.
    pub lenient: Vec<Divergence>,
    /// Those that only strict following minds.
    pub strict: Vec<Divergence>,
}

impl Divergences {
    /// The first one, of all or of those that lenient following minds.
    pub fn first(&self, strict: bool) -> Option<&Divergence> {
        let more = self.strict.iter().filter(|_| strict);
        self.lenient.iter().chain(more).min_by_key(|divergence| divergence.segment)
    }
}

/// Follows segments, then a strategy.
pub struct Follow {
    segments: Vec<Segment>,
    rest: Box<dyn Choose>,
    position: usize,
    progress: Progress,
    divergences: Divergences,
    decisions: Option<Vec<Decision>>,
}

/// One scheduling decision, as far as it is needed to write the schedule down by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who was chosen.
    pub thread: Tid,
    /// What it was about to do.
    pub site: Site,
    /// Its number of that operation: the scheduler may choose more than once before it happens.
    pub operation: u32,
    /// What the thread that ran before could have done next; `None` if it could not go on.
    pub left: Option<Site>,
    /// Whether that thread was preempted.
    pub preempts: bool,
}

/// How far the segment at hand has come.
#[derive(Debug, Default)]
struct Progress {
    /// Whether its task took a step.
    stepped: bool,
    arrivals: u32,
    /// The task's number of the operation that was counted last; the clock's, of what it began with.
    operation: Option<u32>,
    /// Events that were searched for calls.
    events: Option<usize>,
}

/// What the segment at hand says.
enum Order {
    Run(Candidate),
    Wait(Site),
    Done,
    Idle,
    Diverged(Obstacle),
}

impl Follow {
    /// The segments, then the strategy.
    pub fn new(segments: Vec<Segment>, rest: Box<dyn Choose>) -> Self {
        let (progress, divergences) = (Progress::default(), Divergences::default());
        Follow { segments, rest, position: 0, progress, divergences, decisions: None }
    }

    /// The same, and every decision is recorded.
    pub fn recording(segments: Vec<Segment>, rest: Box<dyn Choose>) -> Self {
        Follow { decisions: Some(Vec::new()), ..Follow::new(segments, rest) }
    }

    /// What was decided, if it was recorded.
    pub fn take_decisions(&mut self) -> Vec<Decision> {
        self.decisions.take().unwrap_or_default()
    }

    /// The segments that could not be followed. Of those that the run did not come to, the first closes the
    /// list.
    pub fn divergences(&self) -> Divergences {
        let mut all = self.divergences.clone();
        let Some(segment) = self.segments.get(self.position) else { return all };
        let at = |segment, reason| Divergence { segment, reason };
        let fires = segment.task == CLOCK && self.progress.stepped;
        if segment.until.is_some() && !fires {
            all.lenient.push(at(self.position, Obstacle::NotReached(self.progress.arrivals)));
        }
        let begun = self.progress.stepped || segment.until.is_some();
        let next = self.position + usize::from(begun);
        if next < self.segments.len() {
            all.strict.push(at(next, Obstacle::NotBegun));
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
            match order(segment, candidates, &mut self.progress) {
                Order::Run(candidate) => return Some(self.step(candidate)),
                Order::Wait(site) => {
                    self.note_sleep(site);
                    return Some(InOrder.choose(candidates, current));
                }
                Order::Done => self.next_segment(),
                Order::Idle => {
                    let segment = self.position;
                    self.divergences.strict.push(Divergence { segment, reason: Obstacle::Idle });
                    self.next_segment();
                }
                Order::Diverged(reason) => {
                    let segment = self.position;
                    self.divergences.lenient.push(Divergence { segment, reason });
                    self.next_segment();
                }
            }
        }
        None
    }

    fn step(&mut self, candidate: Candidate) -> Tid {
        self.progress.stepped = true;
        if candidate.thread == Tid::CLOCK {
            self.progress.operation.get_or_insert(operations(Tid::CLOCK));
        }
        candidate.thread
    }

    /// Once for each segment: where its task slept first.
    fn note_sleep(&mut self, site: Site) {
        let segment = self.position;
        let strict = &mut self.divergences.strict;
        if strict.last().is_none_or(|last| last.segment != segment) {
            strict.push(Divergence { segment, reason: Obstacle::Slept(site) });
        }
    }

    fn next_segment(&mut self) {
        self.position += 1;
        self.progress = Progress::default();
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
    let preempts = could_go_on(candidates, current).is_some_and(|current| current != thread);
    Decision { thread, site, operation: operations(thread), left, preempts }
}

fn order(segment: &Segment, candidates: &[Candidate], progress: &mut Progress) -> Order {
    let Some((thread, ended)) = find(&segment.task) else {
        return Order::Diverged(Obstacle::NoTask);
    };
    let candidate = candidates.iter().find(|c| c.thread == thread).copied();
    if thread == Tid::CLOCK && progress.has_fired() {
        return Order::Done;
    }
    match (&segment.until, candidate) {
        (Some(_), Some(clock)) if thread == Tid::CLOCK => Order::Run(clock),
        (None, Some(candidate)) => Order::Run(candidate),
        (None, None) if progress.stepped => Order::Done,
        (None, None) => Order::Idle,
        (Some(_), None) if ended => Order::Diverged(Obstacle::Ended(progress.arrivals)),
        (Some(_), None) => Order::Wait(world(|w| w.threads()[thread.index()].site())),
        (Some(stop), Some(candidate)) => match progress.arrives(&candidate, stop) {
            true => Order::Done,
            false => Order::Run(candidate),
        },
    }
}

/// The thread with the name, and whether it has ended.
fn find(name: &str) -> Option<(Tid, bool)> {
    world(|w| {
        let position = w.threads().iter().position(|thread| thread.name == name)?;
        Some((Tid(position as u8), w.threads()[position].ended))
    })
}

/// How many operations the thread has announced.
pub fn operations(thread: Tid) -> u32 {
    world(|w| w.threads()[thread.index()].operations)
}

impl Progress {
    /// Whether the clock is past the operation that it began with.
    fn has_fired(&self) -> bool {
        self.operation.is_some_and(|began| began != operations(Tid::CLOCK))
    }

    /// Whether the thread is at the place for the time that the stop means.
    fn arrives(&mut self, candidate: &Candidate, stop: &Stop) -> bool {
        let here = match stop.site.split_once('/') {
            Some((function, _)) => {
                let here = function == candidate.op.site.function()
                    && candidate.op.site.to_string() == stop.site;
                self.count_operation(candidate.thread, here);
                here
            }
            None => self.count_calls(candidate.thread, &stop.site),
        };
        here && self.arrivals >= stop.nth
    }

    fn count_operation(&mut self, thread: Tid, here: bool) {
        let operation = operations(thread);
        if here && self.operation.replace(operation) != Some(operation) {
            self.arrivals += 1;
        }
    }

    /// Whether the thread is in the function, or in what it calls. Where it is when the segment begins counts.
    fn count_calls(&mut self, thread: Tid, function: &str) -> bool {
        world(|w| {
            let calls = &w.threads()[thread.index()].calls;
            let inside = calls.iter().any(|call| call.function() == function);
            let enters = |event: &&Event| {
                event.thread == thread
                    && event.kind == EventKind::Enter
                    && event.site.function() == function
            };
            self.arrivals += match self.events.replace(w.log.len()) {
                None => u32::from(inside),
                Some(seen) => w.log[seen..].iter().filter(enters).count() as u32,
            };
            inside
        })
    }
}
