//! A run in the trace-event format, which ui.perfetto.dev and chrome://tracing open: a track for each task, a
//! slice for each call, an instant for each event, an arrow from whoever let a sleeper go on.
//!
//! A microsecond of the trace is one event. Source: "Trace Event Format" of the Chromium project.

use super::timeline::{Handoff, Timeline};
use serde_json::{Value, json};

/// The trace.
pub fn render(timeline: &Timeline) -> String {
    let tasks = timeline.tasks.iter().enumerate().map(|(task, name)| {
        json!({"ph": "M", "name": "thread_name", "pid": 1, "tid": track(task),
               "args": {"name": name}})
    });
    let process = json!({"ph": "M", "name": "process_name", "pid": 1,
                         "args": {"name": format!("mmreap {}", timeline.kernel)}});
    let calls = timeline.calls.iter().map(|call| {
        json!({"ph": "X", "name": call.function, "cat": "call", "pid": 1, "tid": track(call.task),
               "ts": call.from, "dur": call.to - call.from})
    });
    let events = timeline.events.iter().map(|event| {
        json!({"ph": "i", "s": "t", "name": event.text, "cat": event.kind, "pid": 1,
               "tid": track(event.task), "ts": event.at,
               "args": {"site": event.site, "object": event.object, "jiffies": event.jiffies,
                        "decisive": event.decisive}})
    });
    let arrows = timeline.handoffs.iter().enumerate().flat_map(|(id, h)| arrow(timeline, id, *h));
    let all: Vec<Value> =
        [process].into_iter().chain(tasks).chain(calls).chain(events).chain(arrows).collect();
    let trace = json!({"traceEvents": all, "displayTimeUnit": "ns"});
    serde_json::to_string(&trace).expect("plain values can be written as JSON") + "\n"
}

/// Threads are numbered from 1: 0 means none to some viewers.
fn track(task: usize) -> usize {
    task + 1
}

fn arrow(timeline: &Timeline, id: usize, handoff: Handoff) -> [Value; 2] {
    let end = |phase: &str, event: usize| {
        let event = &timeline.events[event];
        json!({"ph": phase, "bp": "e", "id": id + 1, "name": "lets go on", "cat": "handoff",
               "pid": 1, "tid": track(event.task), "ts": event.at})
    };
    [end("s", handoff.from), end("f", handoff.to)]
}
