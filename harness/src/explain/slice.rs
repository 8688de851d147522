//! Which events matter: a log has hundreds, a diagram shows at most two dozen.
//!
//! What the oracle named is decisive, and where it ends. Essential is what changes the state that the exit path and the
//! reaper agree on (users, flags, the address-space lock) and every verdict of the OOM killer and of the
//! reaper; context is what makes that easier to follow, and goes first when there is no room. A
//! read matters only if another task wrote the same thing at another time. Booting, page-table locks and
//! other address spaces are left out.

use super::stacks::Stacks;
use super::subjects::{Subjects, happened, page};
use crate::oracle::Failure;
use mmreap::mm::MmFlag;
use mmreap::sync::bits::Flag;
use mmreap::sync::lock::Mode;
use mmreap::sync::thread::Tid;
use mmreap::trace::noun::{MM_USERS, OOM_MM, OOM_REAPER_LIST};
use mmreap::trace::{Event, EventKind, Kind, ObjectRef, Tracepoint};
use mmreap::world::{End, World};
use std::collections::HashMap;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rank {
    /// The oracle named it.
    Decisive,
    /// Without it the story has a hole.
    Essential,
    /// It makes the story easier to follow.
    Context,
}

/// An event that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    /// Its index in the log.
    pub event: u32,
    /// Whose it is.
    pub thread: Tid,
    /// How much.
    pub rank: Rank,
}

/// The events that matter, in the order of the log, up to the last decisive one.
pub(super) fn picks(
    world: &World,
    stacks: &Stacks,
    subjects: &Subjects,
    failure: &Failure,
    end: End,
) -> Vec<Pick> {
    let slicer = Slicer::new(world, stacks, subjects, failure, end);
    let log = (0..).zip(&world.log).filter(|&(index, _)| happened(world, index));
    let ranked = log.filter_map(|(event, e)| {
        Some(Pick { event, thread: e.thread, rank: slicer.rank(event, e)? })
    });
    let mut picks: Vec<Pick> = ranked.collect();
    let last = picks.iter().rposition(|pick| pick.rank == Rank::Decisive);
    picks.truncate(last.map_or(picks.len(), |last| last + 1));
    picks
}

/// Whether an event only looks: seeing the same twice is seeing it once.
pub(super) fn only_looks(kind: EventKind) -> bool {
    match kind {
        EventKind::TestFlag { .. }
        | EventKind::TryFailed { .. }
        | EventKind::Read
        | EventKind::Skip(_) => true,
        EventKind::Acquire { trylock, .. } => trylock,
        EventKind::OomRequest { .. } | EventKind::Sleep => true,
        EventKind::Count { old, new } => old == new,
        _ => false,
    }
}

/// Who touched a field of an object, and whether to change it.
type Touches = HashMap<(ObjectRef, &'static str), Vec<(Tid, bool)>>;

struct Slicer<'a> {
    world: &'a World,
    stacks: &'a Stacks,
    subjects: &'a Subjects,
    decisive: Vec<u32>,
    end: End,
    touches: Touches,
    first_kill: u32,
    /// Whether the failure is about the reaper's queue.
    queue: bool,
}

impl<'a> Slicer<'a> {
    fn new(
        world: &'a World,
        stacks: &'a Stacks,
        subjects: &'a Subjects,
        failure: &'a Failure,
        end: End,
    ) -> Self {
        let kill =
            world.log.iter().position(|e| matches!(e.kind, EventKind::Kill | EventKind::Marked));
        let first_kill = kill.unwrap_or(0) as u32;
        let decisive = decisive(world, failure, end);
        let queue = failure.signature.object == Kind::ReaperList.name();
        let touches = touches(&world.log);
        Slicer { world, stacks, subjects, decisive, end, touches, first_kill, queue }
    }

    fn rank(&self, index: u32, event: &Event) -> Option<Rank> {
        if self.decisive.contains(&index) {
            return Some(Rank::Decisive);
        }
        if self.queue {
            return self.around_queue(index, event);
        }
        self.in_protocol(index, event)
    }

    /// If the reaper's queue suffered, everything else makes that easier to follow at best.
    fn around_queue(&self, index: u32, event: &Event) -> Option<Rank> {
        if is_about_queue(event) || event.kind == EventKind::Kill {
            return Some(Rank::Essential);
        }
        self.in_protocol(index, event).map(|_| Rank::Context)
    }

    fn in_protocol(&self, index: u32, event: &Event) -> Option<Rank> {
        let (spaces, object) = (&self.subjects.spaces, event.object);
        match event.kind {
            EventKind::Enter | EventKind::Wake | EventKind::Exited | EventKind::Tick { .. } => None,
            EventKind::Fault | EventKind::Kill | EventKind::OomPanic | EventKind::Warning => {
                Some(Rank::Essential)
            }
            EventKind::OomRequest { .. } => Some(self.request()),
            EventKind::Complete { .. } => Some(Rank::Context),
            EventKind::Read | EventKind::TestFlag { .. } if event.site.noun() == OOM_MM => {
                self.asks_for_victim(index)
            }
            _ if spaces.contains(&object) => self.of_space(index, event),
            _ if self.subjects.people.contains(&object) => {
                self.of_people(index, event).or_else(|| self.of_object(event))
            }
            _ => self.of_object(event),
        }
    }

    /// That memory is short is the cause of a livelock and of a panic; otherwise it is how it began.
    fn request(&self) -> Rank {
        let cause = matches!(self.end, End::Livelock | End::Panic);
        if cause { Rank::Essential } else { Rank::Context }
    }

    fn of_object(&self, event: &Event) -> Option<Rank> {
        let suffers = self.world.violation.is_some() && event.object.serial > 0;
        if event.object != self.subjects.object || !suffers {
            return None;
        }
        match event.kind {
            EventKind::Allocate | EventKind::Sleep => Some(Rank::Context),
            EventKind::Acquire { .. } | EventKind::Release { .. } => None,
            kind => changes(kind).then_some(Rank::Essential),
        }
    }

    fn of_people(&self, index: u32, event: &Event) -> Option<Rank> {
        match event.kind {
            EventKind::Signal | EventKind::Marked if self.is_part_of_kill(index) => {
                Some(Rank::Context)
            }
            EventKind::Signal | EventKind::Marked => Some(Rank::Essential),
            EventKind::Enqueue | EventKind::Dequeue => Some(Rank::Context),
            EventKind::Trace(Tracepoint::StartTaskReaping | Tracepoint::FinishTaskReaping) => {
                Some(Rank::Context)
            }
            _ => None,
        }
    }

    /// Whether the same call has said before whom it kills.
    fn is_part_of_kill(&self, index: u32) -> bool {
        let is_kill = |&event: &u32| self.world.log[event as usize].kind == EventKind::Kill;
        let calls: Vec<u32> = self.stacks.calls(index).collect();
        let outermost = calls.last().copied().unwrap_or(index);
        let kill = (outermost..index).rev().find(is_kill);
        kill.and_then(|kill| self.stacks.caller(kill)).is_some_and(|call| calls.contains(&call))
    }

    /// `tsk_is_oom_victim` during the work on an address space.
    fn asks_for_victim(&self, index: u32) -> Option<Rank> {
        let space = self.stacks.object(&self.world.log, index, Kind::Mm)?;
        self.subjects.spaces.contains(&space).then_some(Rank::Essential)
    }

    fn of_space(&self, index: u32, event: &Event) -> Option<Rank> {
        let when_contested = |rank| self.is_contested(event).then_some(rank);
        match event.kind {
            EventKind::Free | EventKind::Allocate | EventKind::Skip(_) | EventKind::Violation => {
                Some(Rank::Essential)
            }
            EventKind::SetFlag { .. } | EventKind::ClearFlag { .. }
                if is_agreed(event.site.noun()) =>
            {
                Some(Rank::Essential)
            }
            EventKind::SetFlag { .. } | EventKind::ClearFlag { .. } => {
                when_contested(Rank::Context)
            }
            EventKind::TestFlag { .. } => self.flag_test(index, event),
            EventKind::Count { .. } => self.counter(event),
            EventKind::TryFailed { .. } | EventKind::Acquire { trylock: true, .. } => {
                Some(Rank::Essential)
            }
            EventKind::Acquire { mode: Mode::Write, .. } => when_contested(Rank::Essential),
            EventKind::Acquire { .. } | EventKind::Release { .. } => when_contested(Rank::Context),
            EventKind::Read | EventKind::Write => when_contested(Rank::Context),
            EventKind::Sleep => Some(Rank::Context),
            kind => self.is_about(kind).then_some(Rank::Essential),
        }
    }

    /// The OOM flags are what the parties agree on; tests before anybody is killed only set the scene.
    fn flag_test(&self, index: u32, event: &Event) -> Option<Rank> {
        if !is_agreed(event.site.noun()) && !self.is_contested(event) {
            return None;
        }
        Some(if index < self.first_kill { Rank::Context } else { Rank::Essential })
    }

    fn counter(&self, event: &Event) -> Option<Rank> {
        let suffers = self.world.violation.is_some() && event.object == self.subjects.object;
        let tells = event.site.noun() == MM_USERS || suffers;
        tells.then_some(Rank::Essential)
    }

    /// Whether it is about the page frame or the content of the page that failed.
    fn is_about(&self, kind: EventKind) -> bool {
        let Subjects { object, pages, .. } = self.subjects;
        match kind {
            EventKind::Map { frame, page }
            | EventKind::Unmap { frame, page }
            | EventKind::Shadow { frame, page }
            | EventKind::Unshadow { frame, page } => {
                (object.kind == Kind::Page && object.serial == frame) || pages.contains(&page)
            }
            other => page(other).is_some_and(|page| pages.contains(&page)),
        }
    }

    /// Whether another thread touched the same thing, and one of the two changed it.
    fn is_contested(&self, event: &Event) -> bool {
        let touches = self.touches.get(&(event.object, event.site.noun()));
        let mut others = touches.into_iter().flatten().filter(|touch| touch.0 != event.thread);
        others.any(|other| other.1 || changes(event.kind))
    }
}

/// Whether exit path and reaper agree by the flag.
fn is_agreed(flag: &str) -> bool {
    [MmFlag::OomSkip, MmFlag::OomVictim, MmFlag::Unstable].map(Flag::name).contains(&flag)
}

/// Whether it changes the reaper's queue, or looks whether a task is on it.
fn is_about_queue(event: &Event) -> bool {
    match event.kind {
        EventKind::Enqueue | EventKind::Dequeue => true,
        EventKind::Read | EventKind::Write => event.site.noun() == OOM_REAPER_LIST,
        _ => false,
    }
}

fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Write
        | EventKind::Free
        | EventKind::SetFlag { .. }
        | EventKind::ClearFlag { .. } => true,
        EventKind::Acquire { mode, .. } | EventKind::Release { mode } => mode == Mode::Write,
        EventKind::Count { old, new } => old != new,
        _ => false,
    }
}

fn touches(log: &[Event]) -> Touches {
    let mut touches = Touches::new();
    for event in log.iter().filter(|event| event.thread != Tid::CLOCK) {
        let who = touches.entry((event.object, event.site.noun())).or_default();
        let touch = (event.thread, changes(event.kind));
        if !who.contains(&touch) {
            who.push(touch);
        }
    }
    touches
}

/// What the oracle named; if that is nothing, or that nothing moves, how the run ended.
fn decisive(world: &World, failure: &Failure, end: End) -> Vec<u32> {
    let named = failure.events.iter().copied().filter(|&event| happened(world, event));
    let mut decisive: Vec<u32> = named.collect();
    if decisive.is_empty() || end == End::Livelock {
        decisive.extend(endings(world, end));
    }
    decisive
}

/// How those who wait fell asleep; if the run was ended, what happened last.
fn endings(world: &World, end: End) -> Vec<u32> {
    if !matches!(end, End::Livelock | End::Quiescent) {
        return vec![world.log.len().saturating_sub(1) as u32];
    }
    let last = |thread: Tid| world.log.iter().rposition(|event| event.thread == thread);
    let events = world.stuck.iter().filter_map(|stuck| last(stuck.thread));
    events.map(|event| event as u32).collect()
}
