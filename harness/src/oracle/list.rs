//! O-LIST: the reaper's queue.
//!
//! Promise: no task is put on the queue while it is on it, none is taken off that is not on it, and when
//! nothing can happen any more the queue is empty. Tolerance: none.

use super::{Apart, Deed, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::trace::noun::OOM_REAPER_LIST;
use mmreap::trace::{Event, EventKind, Kind, Role};
use mmreap::world::{End, World};
use std::collections::BTreeMap;

static QUEUE: Rule = Rule {
    name: "the reaper's queue",
    text: "a task is on the reaper's queue once at most, and stays on it until the reaper takes it off",
    source: "9bcdeb51bd7d (v5.0)",
    noticed: "nobody uses the task's link in the queue",
    other: "what it queued stays as it is until the reaper comes",
    apart: Apart::Nothing,
};

/// Judges the queue.
pub struct List;

impl Oracle for List {
    /// Follows the queue through the log.
    fn judge(&self, world: &World) -> Option<Failure> {
        let mut queued: BTreeMap<u32, usize> = BTreeMap::new();
        for (index, event) in world.log.iter().enumerate() {
            let task = event.object.serial;
            match event.kind {
                EventKind::Enqueue => {
                    if let Some(first) = queued.insert(task, index) {
                        let (places, events) = ([index, first], [first, index]);
                        return Some(describe(world, "double entry", &places, &events));
                    }
                }
                EventKind::Dequeue if queued.remove(&task).is_none() => {
                    return Some(describe(world, "missing entry", &[index], &[index]));
                }
                _ => {}
            }
        }
        // Tasks are as old as the machine, so that their numbers do not depend on the schedule.
        let lost = queued.into_values().next().filter(|_| is_reaper_idle(world))?;
        Some(describe(world, "lost entry", &[lost], &[lost, cut_off(world, lost)]))
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::Enqueue | EventKind::Dequeue)
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-LIST" { vec![&QUEUE] } else { Vec::new() }
    }
}

/// Where the reaper made a task free for the queue last, without regard to what had been put behind it; if it never
/// did, where the queue was changed last.
fn cut_off(world: &World, queued: usize) -> usize {
    let frees =
        |event: &Event| event.kind == EventKind::Write && event.site.noun() == OOM_REAPER_LIST;
    let changes = |event: &Event| matches!(event.kind, EventKind::Enqueue | EventKind::Dequeue);
    let mut events = world.log.iter();
    let freed = events.clone().rposition(frees);
    freed.or_else(|| events.rposition(changes)).unwrap_or(queued)
}

/// Whether the run came to its end by itself, and the reaper waits for work.
fn is_reaper_idle(world: &World) -> bool {
    let at_rest = matches!(world.end, Some(End::Quiescent | End::Livelock));
    at_rest && !world.stuck.iter().any(|stuck| stuck.acts(Role::Reaper))
}

/// `places` make the signature, the one that noticed first.
fn describe(world: &World, title: &'static str, places: &[usize], events: &[usize]) -> Failure {
    let sites: Vec<_> = places.iter().map(|&index| Deed::at(world, index)).collect();
    let object = world.log[places[0]].object;
    Failure {
        signature: signature("O-LIST", Kind::ReaperList, &sites),
        title,
        object,
        events: events.iter().map(|&index| index as u32).collect(),
        details: vec![format!("{title}: {object}")],
    }
}
