//! A report as one page that loads nothing: the prose, and for the run that failed and the one of the release
//! that passes a timeline to zoom into and the diagram, side by side where there is room.
//!
//! Every event is a button whose label says all about it, so that pointer, touch, keyboard and screen reader
//! get the same; the script shows the label of the one at hand, moves between them, and changes the scale.
//! Without scripts everything is there at one scale.

use super::svg::Drawing;
use askama::Template;
use mmreap_harness::explain::timeline::{Call, Moment, Timeline};
use mmreap_harness::explain::{Report, View};

#[derive(Template)]
#[template(path = "explain.html")]
struct Page<'a> {
    report: &'a Report,
    runs: Vec<Panel<'a>>,
    /// When the run failed, in events.
    failure: u32,
}

/// One run.
struct Panel<'a> {
    kernel: &'a str,
    verdict: &'a str,
    lanes: Vec<Lane<'a>>,
    length: u32,
    drawing: Drawing,
}

/// One task of a run.
struct Lane<'a> {
    name: &'a str,
    rows: usize,
    calls: Vec<&'a Call>,
    events: Vec<Button<'a>>,
}

/// One event.
struct Button<'a> {
    moment: &'a Moment,
    group: &'static str,
    label: String,
}

/// Writes the report as a page.
pub fn render(report: &Report) -> String {
    let failing = Panel::new(&report.failing, "fails");
    let passing = report.passing.as_ref().map(|run| Panel::new(run, "passes"));
    let runs = [failing].into_iter().chain(passing).collect();
    let mut named = report.failing.timeline.events.iter().rev().filter(|event| event.decisive);
    let failure = named.next().map_or(u32::MAX, |event| event.at);
    Page { report, runs, failure }.render().expect("a page can be written to memory")
}

impl<'a> Panel<'a> {
    fn new(run: &'a View, verdict: &'a str) -> Self {
        let timeline = &run.timeline;
        let mut tasks: Vec<usize> = (0..timeline.tasks.len()).collect();
        // Who is in the diagram comes first, in its order.
        let columns = &run.diagram.columns;
        tasks.sort_by_key(|&task| {
            let column = columns.iter().position(|name| *name == timeline.tasks[task]);
            column.unwrap_or(columns.len())
        });
        let ends = timeline.calls.iter().map(|call| call.to);
        let ends = ends.chain(timeline.events.iter().map(|event| event.at + 1));
        Panel {
            kernel: timeline.kernel,
            verdict,
            lanes: tasks.into_iter().map(|task| Lane::new(timeline, task)).collect(),
            length: ends.max().unwrap_or(1),
            drawing: Drawing::of(&run.diagram),
        }
    }
}

impl<'a> Lane<'a> {
    fn new(timeline: &'a Timeline, task: usize) -> Self {
        let calls: Vec<&Call> = timeline.calls.iter().filter(|call| call.task == task).collect();
        let moments = || timeline.events.iter().filter(|event| event.task == task);
        let name = &timeline.tasks[task];
        let depths = calls.iter().map(|call| call.depth).chain(moments().map(|event| event.depth));
        Lane {
            name,
            rows: depths.max().unwrap_or(0) + 1,
            events: moments().map(|moment| Button::new(name, moment)).collect(),
            calls,
        }
    }
}

impl<'a> Button<'a> {
    fn new(task: &str, moment: &'a Moment) -> Self {
        let Moment { at, jiffies, site, object, text, .. } = moment;
        let named = if moment.decisive { "; the oracle named it" } else { "" };
        let label = format!("{at}: {task}: {text} ({site}, on {object}, jiffy {jiffies}{named})");
        Button { moment, group: group(moment), label }
    }
}

/// What an event is about, as the legend has it.
fn group(moment: &Moment) -> &'static str {
    match moment.kind {
        _ if moment.decisive => "decisive",
        "acquire" | "release" | "try_failed" => "lock",
        "test" | "set" | "clear" => "flag",
        "count" => "count",
        "sleep" | "wake" | "tick" => "wait",
        "allocate" | "free" | "map" | "unmap" | "read" | "write" => "memory",
        _ => "other",
    }
}
