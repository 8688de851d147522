//! The event log as text: every event, a line each, in columns. Two replays of a case have to agree on
//! it byte for byte, so nothing goes into it that is not part of the run.

use super::names;
use mmreap::trace::{Event, EventKind};
use mmreap::world::World;
use std::fmt::Write;

/// The event log of the run that is in the world: index, jiffies, task, site (indented by the depth of
/// the call), object, and what happened.
pub fn log(world: &World) -> String {
    let mut text = String::new();
    for (index, event) in world.log.iter().enumerate() {
        let line = line(world, event);
        writeln!(text, "{index:5} {}", line.trim_end()).expect("a string takes any text");
    }
    text
}

fn line(world: &World, event: &Event) -> String {
    let Event { jiffies, object, kind, .. } = event;
    let task = names::thread(world, event.thread);
    let place = place(event);
    format!("{jiffies:5} {task:15} {place} {object} {} {kind}", kind.name())
}

fn place(event: &Event) -> String {
    let depth = usize::from(event.depth);
    match event.kind {
        EventKind::Enter => {
            format!("{:1$}{2}()", "", 2 * depth.saturating_sub(1), event.site.function())
        }
        _ => format!("{:1$}{2}", "", 2 * depth, event.site),
    }
}
