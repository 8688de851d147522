//! The whole run as data: every call with its length, every event, and who let whom go on.
//!
//! The diagram leaves most of a log out; this leaves out what happened during boot, and nothing else. Time
//! is the order of events: one unit each, because virtual time stands still during a race.

use super::names;
use super::stacks::Stacks;
use super::subjects::Subjects;
use super::words::Words;
use mmreap::memory::Handle;
use mmreap::sync::thread::Tid;
use mmreap::trace::noun::OOM_REAPER_WAIT;
use mmreap::trace::{Event, EventKind, Kind};
use mmreap::world::World;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The release or mutant that ran.
    pub kernel: &'static str,
    /// The names of the tasks that did something.
    pub tasks: Vec<String>,
    /// Calls, in the order in which they began.
    pub calls: Vec<Call>,
    /// Everything that happened, oldest first.
    pub events: Vec<Moment>,
    /// Who let whom go on.
    pub handoffs: Vec<Handoff>,
}

/// A call of a kernel function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The index of the task.
    pub task: usize,
    /// How many calls it is inside of.
    pub depth: usize,
    /// The function.
    pub function: &'static str,
    /// When it began, in events.
    pub from: u32,
    /// When it ended, in events: after the last one inside of it.
    pub to: u32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// The index of the task.
    pub task: usize,
    /// How many calls it was inside of.
    pub depth: usize,
    /// When, in events.
    pub at: u32,
    /// Virtual time in jiffies.
    pub jiffies: u32,
    /// The site, `FUNCTION/OPERATION(NOUN)`.
    pub site: String,
    /// The object.
    pub object: String,
    /// What, in the words of the diagram.
    pub text: String,
    /// The kind of event, as logs have it.
    pub kind: &'static str,
    /// Whether the oracle named it.
    pub decisive: bool,
}

/// One task lets another go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Handoff {
    /// The event by which it did, by its place among the events.
    pub from: usize,
    /// The event with which the other one went on.
    pub to: usize,
}

impl Timeline {
    /// The run that is in the world. `decisive` are the events that an oracle named.
    pub(super) fn of(
        world: &World,
        stacks: &Stacks,
        subjects: &Subjects,
        decisive: &[u32],
    ) -> Self {
        let words = Words { world, spaces: &subjects.spaces };
        let booted = world.log.iter().position(|event| event.thread != Tid::CLOCK).unwrap_or(0);
        let timeline = Timeline { kernel: world.revision.name, ..Timeline::default() };
        let mut writer = Writer {
            words,
            stacks,
            first: booted as u32,
            timeline,
            tasks: BTreeMap::new(),
            calls: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        for (index, event) in (0..).zip(&world.log).skip(booted) {
            match event.kind {
                EventKind::Enter => writer.call(index, event),
                _ => writer.event(index, event, decisive.contains(&index)),
            }
        }
        writer.timeline
    }
}

/// Writes a timeline from the first event to the last.
struct Writer<'a> {
    words: Words<'a>,
    stacks: &'a Stacks,
    /// The first event after boot.
    first: u32,
    timeline: Timeline,
    tasks: BTreeMap<Tid, usize>,
    /// Places in the timeline, by index in the log.
    calls: BTreeMap<u32, usize>,
    events: BTreeMap<u32, usize>,
}

impl Writer<'_> {
    fn task(&mut self, thread: Tid) -> usize {
        let tasks = &mut self.timeline.tasks;
        *self.tasks.entry(thread).or_insert_with(|| {
            tasks.push(names::thread(self.words.world, thread).to_string());
            tasks.len() - 1
        })
    }

    /// Extends the calls that an event is inside of, and counts them.
    fn depth(&mut self, index: u32) -> usize {
        let to = index - self.first + 1;
        for call in self.stacks.calls(index) {
            self.timeline.calls[self.calls[&call]].to = to;
        }
        self.stacks.calls(index).count()
    }

    fn call(&mut self, index: u32, event: &Event) {
        let (task, depth, from) = (self.task(event.thread), self.depth(index), index - self.first);
        self.calls.insert(index, self.timeline.calls.len());
        let function = event.site.function();
        self.timeline.calls.push(Call { task, depth, function, from, to: from + 1 });
    }

    fn event(&mut self, index: u32, event: &Event, decisive: bool) {
        let to = self.timeline.events.len();
        self.events.insert(index, to);
        let cause = cause(self.words.world, index).and_then(|cause| self.events.get(&cause));
        self.timeline.handoffs.extend(cause.map(|&from| Handoff { from, to }));
        let moment = Moment {
            task: self.task(event.thread),
            depth: self.depth(index),
            at: index - self.first,
            jiffies: event.jiffies,
            site: event.site.to_string(),
            object: names::name(self.words.world, event.object),
            text: self.words.event(index),
            kind: event.kind.name(),
            decisive,
        };
        self.timeline.events.push(moment);
    }
}

/// The event of another task that let a sleeper go on.
fn cause(world: &World, wake: u32) -> Option<u32> {
    let event = &world.log[wake as usize];
    if event.kind != EventKind::Wake {
        return None;
    }
    let mut before = (0..wake).rev().zip(world.log[..wake as usize].iter().rev());
    let other = |(index, e): (u32, &Event)| {
        (e.thread != event.thread && lets_go(world, e, event)).then_some(index)
    };
    before.find_map(other)
}

/// Whether an event ends the sleep.
fn lets_go(world: &World, cause: &Event, wake: &Event) -> bool {
    let same = cause.object == wake.object && cause.site.noun() == wake.site.noun();
    match (wake.object.kind, cause.kind) {
        (Kind::Clock, EventKind::Tick { .. }) => true,
        (Kind::ReaperList, EventKind::Enqueue) => wake.site.noun() == OOM_REAPER_WAIT,
        (Kind::Task, EventKind::Signal) => is_of(world, cause, wake),
        (Kind::AioWait, EventKind::Complete { .. }) => true,
        (Kind::Zone, EventKind::AllocateFrames { .. }) => true,
        (_, EventKind::Release { .. }) => same,
        (_, EventKind::Write | EventKind::SetFlag { .. } | EventKind::Count { .. }) => same,
        _ => false,
    }
}

/// Whether the signal is for the process of the task that sleeps.
fn is_of(world: &World, signal: &Event, wake: &Event) -> bool {
    let task = names::find(&world.tasks, wake.object);
    task.map(|task| task.signal).map(Handle::object) == Some(signal.object)
}
