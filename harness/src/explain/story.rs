//! The failure in prose: what each side took for granted, what it had looked at before, and which order
//! proved it wrong.
//!
//! The task that noticed is the one of the last event that the oracle named, if it did notice and not only
//! the end of the run brought it to light; the other side is the last named event of another task. What they
//! had looked at are lines of the diagram, so that a reader finds every word of the prose above it.

use super::diagram::Diagram;
use super::names;
use super::slice::only_looks;
use super::subjects::happened;
use super::words::Words;
use crate::oracle::{self, Failure, Rule};
use mmreap::sync::thread::Reason;
use mmreap::trace::noun::MM_USERS;
use mmreap::trace::{Event, EventKind};
use mmreap::world::{End, World};
use serde::Serialize;

/// Looks that are told of one side, at most: the latest.
const LOOKS: usize = 3;

/// What went wrong, in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Story {
    /// Those in conflict: who noticed, then the other one.
    pub sides: Vec<Side>,
    /// The order that proved them wrong.
    pub order: Option<String>,
    /// The rules that were broken, the main one first.
    pub rules: Vec<&'static Rule>,
}

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The task.
    pub task: String,
    /// The function of the protocol that it was in.
    pub function: String,
    /// What it took for granted.
    pub assumed: String,
    /// What it had looked at before, as the diagram has it, oldest first.
    pub seen: Vec<String>,
}

/// Tells the failure of the run that is in the world.
pub(super) fn tell(words: &Words<'_>, failure: &Failure, diagram: &Diagram, end: End) -> Story {
    let rules = oracle::broken(&failure.signature);
    let Some(rule) = rules.first() else { return Story::default() };
    let world = words.world;
    let teller = Teller { world, diagram, words };
    let (noticed, other) = sides(world, failure, end);
    let side = |event: Option<u32>, assumed: &str| event.map(|event| teller.side(event, assumed));
    let both = [side(noticed, rule.noticed), side(other, rule.other)];
    let order = noticed.zip(other).filter(|_| end != End::Livelock);
    Story {
        sides: both.into_iter().flatten().collect(),
        order: order.map(|(noticed, other)| teller.order(noticed, other)),
        rules,
    }
}

/// The events of the two sides.
fn sides(world: &World, failure: &Failure, end: End) -> (Option<u32>, Option<u32>) {
    if end == End::Livelock {
        return stuck_sides(world);
    }
    let named = || failure.events.iter().copied().filter(|&event| happened(world, event));
    let noticed = named().max();
    // Who sets a flag notices nothing: the end of the run brought it to light.
    let sets = |event: u32| matches!(world.log[event as usize].kind, EventKind::SetFlag { .. });
    if noticed.is_some_and(sets) {
        return (None, noticed);
    }
    let thread = |event: u32| world.log[event as usize].thread;
    let others = named().filter(|&event| Some(thread(event)) != noticed.map(thread));
    (noticed, others.max())
}

/// When nothing moves: an allocation that waits, and whoever last gave an address space up.
fn stuck_sides(world: &World) -> (Option<u32>, Option<u32>) {
    let last = |is: &dyn Fn(&Event) -> bool| world.log.iter().rposition(is).map(|i| i as u32);
    let naps = |reason: Option<Reason>| reason == Some(Reason::MemoryNap);
    let allocator = world.stuck.iter().find(|stuck| naps(stuck.sleep.map(|sleep| sleep.reason)));
    let noticed = allocator.and_then(|stuck| last(&|event| event.thread == stuck.thread));
    (noticed, last(&|event| matches!(event.kind, EventKind::Skip(_))))
}

struct Teller<'a> {
    world: &'a World,
    diagram: &'a Diagram,
    words: &'a Words<'a>,
}

impl Teller<'_> {
    fn task(&self, event: u32) -> &str {
        names::thread(self.world, self.world.log[event as usize].thread)
    }

    fn side(&self, event: u32, assumed: &str) -> Side {
        let looks = self.looks(event);
        let latest = looks.len().saturating_sub(LOOKS);
        Side {
            task: self.task(event).to_string(),
            function: self.world.log[event as usize].site.protocol().to_string(),
            assumed: assumed.to_string(),
            seen: looks[latest..].iter().map(|&look| self.words.event(look)).collect(),
        }
    }

    /// What the task of an event looked at before it, as far as the diagram has it.
    fn looks(&self, event: u32) -> Vec<u32> {
        let log = &self.world.log;
        let thread = log[event as usize].thread;
        let rows = self.diagram.rows.iter().map(|row| row.event);
        let own = rows.filter(|&row| row < event && log[row as usize].thread == thread);
        let mut looks: Vec<u32> = own.filter(|&row| looks(&log[row as usize])).collect();
        looks.dedup_by_key(|look| self.words.event(*look));
        looks
    }

    fn order(&self, noticed: u32, other: u32) -> String {
        let words = |event: u32| self.words.event(event);
        let what = |event: u32| format!("{}'s {}", self.task(event), words(event));
        let last_look = self.looks(noticed).pop().filter(|&look| look < other);
        match last_look {
            Some(look) => {
                let (other, look) = (what(other), what(look));
                format!("{other} came after {look} and before its {}", words(noticed))
            }
            None => format!("{} came before {}", what(other), what(noticed)),
        }
    }
}

/// Whether a task learned something by the event that it acts upon.
fn looks(event: &Event) -> bool {
    match event.kind {
        EventKind::Sleep | EventKind::OomRequest { .. } | EventKind::Skip(_) => false,
        EventKind::Count { old, new } => event.site.noun() == MM_USERS && new <= old,
        what => only_looks(what),
    }
}

impl Side {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let Side { task, function, assumed, seen } = self;
        let place = if task == function { String::new() } else { format!(" in {function}") };
        let seen = match &seen[..] {
            [] => String::new(),
            [only] => format!(", after {only}"),
            [before @ .., last] => format!(", after {} and {last}", before.join(", ")),
        };
        format!("{task}{place} assumed that {assumed}{seen}.")
    }
}

impl Story {
    /// Its sentences.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let sides = self.sides.iter().map(Side::sentence);
        let order = self.order.iter().map(|order| format!("However, {order}."));
        sides.chain(order).chain(self.rules.iter().map(|rule| rule.sentence()))
    }
}
