//! Explanations as files: that each format is what its readers expect, and that text stays text.

use mmreap_cli::page::{html, svg};
use mmreap_harness::corpus;
use mmreap_harness::explain::{Report, WIDTH, markdown, paint, perfetto, report};
use mmreap_harness::kernel;
use mmreap_harness::run::Runner;
use serde_json::Value;
use snapbox::cmd::{Command, cargo_bin};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SEED: &str = "v4.14-o_pt_uaf-page_table-oom_reap_task_mm-exit_mmap.mmreap";

/// A case in which tasks sleep until they are given work, are killed, or get a lock.
const SECOND_KILL: &str = "v4.13-o_spur-mm-oom_reap_task-oom_reap_task_mm_skip_no_users.mmreap";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

fn report_of(path: &Path) -> Report {
    let case = corpus::load(path).expect("a case of the corpus can be read");
    let revision = kernel::find(&case.kernel).expect("a case names a kernel that exists");
    report(&mut Runner::new(), &case, revision).expect("it fails")
}

fn reports() -> Vec<Report> {
    let files = corpus::list(&directory()).expect("the corpus can be listed");
    files.iter().map(|path| report_of(path)).collect()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// Slices of one track lie apart or inside of each other.
fn check_nesting(slices: &[&Value]) {
    let span = |slice: &&Value| {
        let from = number(slice, "ts");
        (from, from + number(slice, "dur"))
    };
    let spans: Vec<(u64, u64)> = slices.iter().map(span).collect();
    for (place, a) in spans.iter().enumerate() {
        for b in &spans[place + 1..] {
            let apart = a.1 <= b.0 || b.1 <= a.0;
            let nested = (a.0 <= b.0 && b.1 <= a.1) || (b.0 <= a.0 && a.1 <= b.1);
            assert!(apart || nested, "{a:?} and {b:?} cross");
        }
    }
}

#[test]
fn traces_are_what_perfetto_opens() {
    for report in reports() {
        let timeline = &report.failing.timeline;
        let trace: Value = serde_json::from_str(&perfetto::render(timeline)).expect("JSON");
        let events = trace["traceEvents"].as_array().expect("a list of events");
        let of = |phase: &str| -> Vec<&Value> {
            events.iter().filter(|event| event["ph"] == phase).collect()
        };
        let named = of("M").iter().filter(|event| event["name"] == "thread_name").count();
        assert_eq!(named, timeline.tasks.len());
        let mut tracks: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for slice in of("X") {
            assert!(number(slice, "dur") > 0);
            tracks.entry(number(slice, "tid")).or_default().push(slice);
        }
        tracks.values().for_each(|slices| check_nesting(slices));
        assert_eq!(of("i").len(), timeline.events.len());
        let (starts, ends) = (of("s"), of("f"));
        assert_eq!(starts.len(), timeline.handoffs.len());
        assert_eq!(starts.len(), ends.len());
        for (start, end) in starts.iter().zip(ends) {
            assert_eq!(start["id"], end["id"]);
            assert!(number(start, "ts") < number(end, "ts"), "{start} {end}");
            assert_ne!(start["tid"], end["tid"], "an arrow goes to another task");
        }
    }
}

/// What made a task go on, in a case of the corpus.
fn cause(file: &str, to: &str) -> Option<String> {
    let timeline = report_of(&directory().join(file)).failing.timeline;
    let handoff = timeline.handoffs.iter().find(|h| timeline.events[h.to].text == to);
    handoff.map(|handoff| timeline.events[handoff.from].text.clone())
}

#[test]
fn a_task_goes_on_because_of_another() {
    let reaper = cause(SECOND_KILL, "wait_event_freezable(oom_reaper_wait) goes on");
    assert_eq!(reaper.as_deref(), Some("enqueue(bystander)"));
    let victim = cause(SECOND_KILL, "pause(signal) goes on");
    assert_eq!(victim.as_deref(), Some("SIGKILL -> victim"));
    let locker = cause(SECOND_KILL, "mutex_lock(oom_lock) goes on");
    assert_eq!(locker.as_deref(), Some("mutex_unlock(oom_lock)"));
}

#[test]
fn pages_and_drawings_load_nothing() {
    for report in reports() {
        let page = html::render(&report);
        let drawing = svg::render(&report.explanation.headline, &report.explanation.diagram);
        for text in [&page, &drawing] {
            let links = text.replace("http://www.w3.org/2000/svg", "");
            for load in ["://", "src=", "<link", "@import", "url("] {
                assert!(!links.contains(load), "{load}");
            }
        }
        assert_eq!(page.matches("<article").count(), 1 + usize::from(report.passing.is_some()));
        let lines = report.explanation.diagram.rows.len();
        assert!(drawing.matches("<text").count() > lines, "{drawing}");
    }
}

#[test]
fn markdown_has_a_title_the_diagram_and_the_case() {
    for report in reports() {
        let text = markdown::render(&report);
        assert!(text.starts_with("## BUG: mmreap: "), "{text}");
        assert!(text.contains(&report.explanation.diagram.to_string()), "{text}");
        assert!(text.contains(report.case.trim_end()), "{text}");
        let prose = text.lines().filter(|line| line.starts_with("* "));
        for line in prose {
            let bare = line[2..].replace("\\_", "").replace("\\#", "").replace("\\>", "");
            assert!(!bare.contains(['_', '#', '>']), "{line}");
        }
    }
}

#[test]
fn colours_are_all_that_paint_adds() {
    for report in reports() {
        let painted = paint::render(&report.explanation, WIDTH);
        assert!(painted.contains("\u{1b}["), "{painted}");
        assert_eq!(
            anstream::adapter::strip_str(&painted).to_string(),
            report.explanation.to_string()
        );
    }
}

fn explain(arguments: &[&str]) -> std::process::Output {
    let command = Command::new(cargo_bin!("mmreap")).current_dir(directory());
    command.args(["explain", SEED]).args(arguments).output().expect("mmreap runs")
}

#[test]
fn json_has_the_fields_of_an_explanation() {
    let output = explain(&["--format", "json"]);
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["kernel"], "v4.14");
    assert_eq!(value["story"]["rules"][0]["name"], "P1, exclusion");
    assert_eq!(value["story"]["sides"][0]["task"], "oom_reaper");
    assert_eq!(value["otherwise"]["flip"]["first"]["task"], "oom_reaper");
    assert_eq!(value["otherwise"]["repair"]["kernel"], "v4.15");
    assert_eq!(value["diagram"]["rows"][0]["column"], 0);
}

#[test]
fn a_file_gets_plain_text_and_a_directory_that_is_not_there_is_named() {
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let file = place.path().join("why.txt");
    let output = explain(&["--output", file.to_str().expect("a path in UTF-8")]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    assert_eq!(std::fs::read(&file).expect("it was written"), explain(&[]).stdout);
    let nowhere = place.path().join("none/why.txt");
    let output = explain(&["--output", nowhere.to_str().expect("a path in UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("none"), "{output:?}");
}
