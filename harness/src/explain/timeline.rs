//! The whole run as data: every call with its length, every event, and who let whom go on.
//!
//! The diagram leaves most of a log out; this leaves out what happened during boot, and nothing else. Time
//! is the order of events: one unit each, because virtual time stands still during a race.

use super::names;
use super::stacks::Stacks;
use super::words::Words;
use mmreap::memory::Handle;
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, Kind, What};
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

/// The run that is in the world. `decisive` are the events that an oracle named.
pub(super) fn of(words: &Words<'_>, stacks: &Stacks, decisive: &[u32]) -> Timeline {
    let world = words.world;
    let mut timeline = Timeline { kernel: world.revision.name, ..Timeline::default() };
    let mut lanes: BTreeMap<Tid, usize> = BTreeMap::new();
    // By the index of the event in the log.
    let mut calls: BTreeMap<u32, usize> = BTreeMap::new();
    let mut moments: BTreeMap<u32, usize> = BTreeMap::new();
    let first = world.log.iter().position(|event| event.thread != Tid::CLOCK).unwrap_or(0) as u32;
    for (index, event) in (0..).zip(&world.log).skip(first as usize) {
        let task = *lanes.entry(event.thread).or_insert_with(|| {
            timeline.tasks.push(names::thread(world, event.thread).to_string());
            timeline.tasks.len() - 1
        });
        let at = index - first;
        for call in stacks.calls(index) {
            calls.get(&call).map(|&call| timeline.calls[call].to = at + 1);
        }
        let depth = stacks.calls(index).count();
        if event.what == What::Enter {
            calls.insert(index, timeline.calls.len());
            let function = event.site.function();
            timeline.calls.push(Call { task, depth, function, from: at, to: at + 1 });
            continue;
        }
        let cause = cause(world, index).and_then(|cause| moments.get(&cause).copied());
        moments.insert(index, timeline.events.len());
        let to = timeline.events.len();
        timeline.handoffs.extend(cause.map(|from| Handoff { from, to }));
        timeline.events.push(Moment {
            task,
            depth,
            at,
            jiffies: event.jiffies,
            site: event.site.to_string(),
            object: names::name(world, event.object),
            text: words.event(index),
            kind: event.what.name(),
            decisive: decisive.contains(&index),
        });
    }
    timeline
}

/// The event of another task that let a sleeper go on.
fn cause(world: &World, wake: u32) -> Option<u32> {
    let event = &world.log[wake as usize];
    if event.what != What::Wake {
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
    match (wake.object.kind, cause.what) {
        (Kind::Clock, What::Tick { .. }) => true,
        (Kind::ReaperList, What::Enqueue) => wake.site.noun() == "oom_reaper_wait",
        (Kind::Task, What::Signal) => is_of(world, cause, wake),
        (Kind::AioWait, What::Complete { .. }) => true,
        (Kind::Zone, What::AllocateFrames { .. }) => true,
        (_, What::Release { .. }) => same,
        (_, What::Write | What::SetFlag { .. } | What::Count { .. }) => same,
        _ => false,
    }
}

/// Whether the signal is for the process of the task that sleeps.
fn is_of(world: &World, signal: &Event, wake: &Event) -> bool {
    let task = names::find(&world.tasks, wake.object);
    task.map(|task| task.signal).map(Handle::object) == Some(signal.object)
}
