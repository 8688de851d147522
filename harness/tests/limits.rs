//! Limits of campaigns: each ends when it should, and what it leaves behind is in good order.
//!
//! Times have seconds of slack, because the machine may be busy; what was wrong when these were written took
//! minutes, or for ever.

mod common;

use common::case;
use mmreap::memory::Handle;
use mmreap::mm::fault::VmFault;
use mmreap::mm::vma::Vma;
use mmreap::release::{V4_14, V4_15};
use mmreap::revision::Revision;
use mmreap_harness::campaign::state::{self, State};
use mmreap_harness::campaign::worker::{Event, Finding, Progress, Settings, Worker};
use mmreap_harness::campaign::{Limit, Totals};
use mmreap_harness::case::{Expect, generate};
use mmreap_harness::corpus;
use mmreap_harness::coverage::Map;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::prove::{Options, Verdict, prove};
use mmreap_harness::schedule::derive_seed;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SLACK: Duration = Duration::from_secs(5);

/// A fault installs nothing, so that whoever needs a page faults for ever: tens of thousands of decisions.
static ENDLESS: Revision = Revision { name: "v4.15+endless", handle_mm_fault: do_nothing, ..V4_15 };

fn do_nothing(_: Handle<Vma>, _: u32, _: bool) -> Result<(), VmFault> {
    Ok(())
}

fn start(revision: &'static Revision, seed: u64, directory: &Path) -> Worker {
    let settings = Settings {
        revision,
        seed,
        directory: directory.into(),
        is_member: false,
        given: Vec::new(),
    };
    Worker::start(settings).unwrap()
}

fn runs(runs: u64) -> Limit<'static> {
    Limit { runs: Some(runs), ..Limit::default() }
}

/// What a worker tells.
fn work(worker: &mut Worker, limit: &Limit<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    worker.work(&mut |event| events.push(event), limit).unwrap();
    events
}

fn progress(events: &[Event]) -> Progress {
    match events.last() {
        Some(Event::Progress(progress)) => *progress,
        other => panic!("the last is {other:?}"),
    }
}

fn findings(events: &[Event]) -> Vec<&Finding> {
    let mut findings = Vec::new();
    for event in events {
        if let Event::Found(finding) = event {
            findings.push(finding);
        }
    }
    findings
}

fn warnings(events: &[Event]) -> Vec<&str> {
    let mut warnings = Vec::new();
    for event in events {
        if let Event::Warning(warning) = event {
            warnings.push(warning.as_str());
        }
    }
    warnings
}

#[test]
fn so_many_runs_are_so_many() {
    for (seed, limit) in [(1, 0), (1, 1), (2, 100), (3, 101), (4, 1000)] {
        let directory = tempfile::tempdir().unwrap();
        let events = work(&mut start(&V4_14, seed, directory.path()), &runs(limit));
        assert_eq!(progress(&events).totals.runs, limit);
        let events = work(&mut start(&V4_14, seed, directory.path()), &runs(limit));
        assert_eq!(progress(&events).totals.runs, limit, "the second time");
    }
}

#[test]
fn minimising_endless_runs_ends_with_the_campaign() {
    let (directory, time) = (tempfile::tempdir().unwrap(), Duration::from_secs(3));
    let started = Instant::now();
    let limit = Limit { runs: None, deadline: Deadline::default().within(time) };
    let events = work(&mut start(&ENDLESS, 1, directory.path()), &limit);
    assert!(started.elapsed() < time + SLACK, "{:?}", started.elapsed());
    let found = findings(&events);
    assert!(found.iter().any(|finding| finding.signature.starts_with("O-LIVE")), "{found:?}");
    assert_eq!(corpus::list(directory.path()).unwrap().len(), found.len());
}

/// Of runs without an end not even one is explored, in which each step would be compared with all before it.
#[test]
fn a_proof_of_endless_runs_ends() {
    let case = case(
        "kernel v4.15
         process p
           vma v anon 1 page unmapped
           thread t: mmap v; write v
         process q
           thread t: kill p",
    );
    let started = Instant::now();
    let proof = prove(&case, &ENDLESS, &Options::default(), &|_| true).expect("few threads");
    assert!(started.elapsed() < SLACK, "{:?}", started.elapsed());
    let Verdict::Found(_, failure) = proof.verdict else { panic!("{proof:?}") };
    assert_eq!(failure.signature.oracle, "O-LIVE");
}

/// Nobody waits for what was to become smaller: it is written as it was found.
#[test]
fn minimising_ends_when_it_is_called_off() {
    let (directory, enough) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    let limit = Limit { runs: None, deadline: Deadline::flag(&enough) };
    let mut events = Vec::new();
    let mut called_off = None;
    let mut tell = |event| {
        if matches!(event, Event::Minimising(_)) {
            enough.store(true, Ordering::SeqCst);
            called_off.get_or_insert_with(Instant::now);
        }
        events.push(event);
    };
    start(&ENDLESS, 1, directory.path()).work(&mut tell, &limit).unwrap();
    assert!(called_off.expect("something is found").elapsed() < SLACK);
    let [found] = findings(&events)[..] else { panic!("{events:?}") };
    assert!(!found.is_minimal);
    let case = corpus::load(&directory.path().join(&found.file)).unwrap();
    assert!(matches!(case.expect, Some(Expect::Fail(it)) if it.to_string() == found.signature));
}

/// More cases than come first.
const QUEUE: usize = 600;
/// How many do.
const FIRST: usize = 512;

/// A directory whose queue for a kernel has cases.
fn with_queue(kernel: &str, cases: impl IntoIterator<Item = String>) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let queue = directory.path().join("queue").join(kernel);
    std::fs::create_dir_all(&queue).unwrap();
    for (number, case) in cases.into_iter().enumerate() {
        std::fs::write(queue.join(format!("{number:016x}.mmreap")), case).unwrap();
    }
    directory
}

/// So many cases made of chance.
fn cases(count: usize) -> impl Iterator<Item = String> {
    (0..count as u64).map(|number| {
        let bytes: Vec<u8> = (0..64).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
        generate::case(&mut arbitrary::Unstructured::new(&bytes), "v4.14").to_string()
    })
}

/// What takes thousands of decisions each.
fn long_cases() -> impl Iterator<Item = String> {
    let text =
        "kernel v4.15+endless\n\nprocess p\n  vma v anon 1 page\n  thread t: madvise v; write v\n";
    (0..QUEUE).map(move |number| format!("mmreap case 1\n# {number}\n{text}"))
}

#[test]
fn a_long_queue_takes_half_of_the_time_at_most() {
    let (directory, time) = (with_queue(ENDLESS.name, long_cases()), Duration::from_millis(1500));
    let limit = Limit { runs: None, deadline: Deadline::default().within(time) };
    let started = Instant::now();
    let events = work(&mut start(&ENDLESS, 1, directory.path()), &limit);
    assert!(started.elapsed() < time + SLACK, "{:?}", started.elapsed());
    let done = events.iter().filter_map(|event| match event {
        Event::Resuming { done, all: FIRST } => Some(*done),
        _ => None,
    });
    assert!(done.max().is_some_and(|done| (1..FIRST - 1).contains(&done)), "{events:?}");
    assert!(progress(&events).totals.runs > 0, "nothing is left for the campaign");
}

/// What was kept on a kernel that somebody changed since is not known by having been kept.
#[test]
fn a_failure_that_only_the_queue_shows_is_told() {
    let fails = include_str!("../../corpus/v4.14-o_vma_uaf-vma-oom_reap_task_mm-exit_mmap.mmreap");
    let directory = with_queue("v4.14", [fails.to_string()]);
    let events = work(&mut start(&V4_14, 1, directory.path()), &runs(1));
    let is_it = |found: &&&Finding| found.signature == "O-VMA-UAF vma __oom_reap_task_mm exit_mmap";
    assert_eq!(findings(&events).iter().filter(is_it).count(), 1, "{events:?}");
    let again = work(&mut start(&V4_14, 1, directory.path()), &runs(1));
    assert_eq!(findings(&again).iter().filter(is_it).count(), 0, "now it is known: {again:?}");
}

#[test]
fn a_long_queue_is_left_when_it_is_called_off() {
    let (directory, enough) = (with_queue("v4.14", cases(QUEUE)), AtomicBool::new(false));
    let mut known = Map::default();
    known.add(4711);
    let queue = directory.path().join("queue/v4.14");
    State::new(Totals::default(), &known).save(&queue.join("worker-0.json")).unwrap();
    let limit = Limit { runs: None, deadline: Deadline::flag(&enough) };
    let mut told = Vec::new();
    let mut tell = |event| {
        if let Event::Resuming { done, .. } = event {
            told.push(done);
            enough.store(true, Ordering::SeqCst);
        }
    };
    start(&V4_14, 1, directory.path()).work(&mut tell, &limit).unwrap();
    assert!(matches!(told[..], [done] if done < FIRST), "{told:?}");
    let state = State::load(&queue.join("worker-0.json")).unwrap().expect("it was saved");
    assert!(state.map().contains(4711), "what was known is kept");
}

/// One of the states, and three of the findings: text that ends too early, nothing at all, a link to nowhere.
#[test]
#[cfg(unix)]
fn what_is_damaged_is_told_once_and_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let before = progress(&work(&mut start(&V4_14, 1, directory.path()), &runs(300)));
    let queue = directory.path().join("queue/v4.14");
    let state = std::fs::read_to_string(queue.join("worker-0.json")).unwrap();
    std::fs::write(queue.join("worker-1.json"), &state[..state.len() / 2]).unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("cut.mmreap"), "mmreap case 1\nkernel v4.14\nproc").unwrap();
    std::fs::write(path("empty.mmreap"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling.mmreap")).unwrap();
    let settings = Settings {
        revision: &V4_14,
        seed: 1,
        directory: directory.path().into(),
        is_member: true,
        given: Vec::new(),
    };
    let mut worker = Worker::start(settings).unwrap();
    // Members look at everything again each second.
    let deadline = Deadline::default().within(Duration::from_millis(2500));
    let events = work(&mut worker, &Limit { runs: None, deadline });
    let warnings = warnings(&events);
    for name in ["worker-1.json", "cut.mmreap", "empty.mmreap", "dangling.mmreap"] {
        assert_eq!(warnings.iter().filter(|it| it.contains(name)).count(), 1, "{warnings:#?}");
    }
    assert_eq!(warnings.len(), 4, "{warnings:#?}");
    let now = progress(&events);
    assert!(now.totals.runs > 0 && now.features >= before.features);
    let totals = state::all(&queue).flatten().map(|state| state.totals.runs);
    assert_eq!(totals.sum::<u64>(), 300 + now.totals.runs, "nothing else is lost");
}

/// The state that is its own is damaged: it begins anew, and the next one goes on from there.
#[test]
fn a_worker_whose_state_is_damaged_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue/v4.14/worker-0.json");
    work(&mut start(&V4_14, 1, directory.path()), &runs(100));
    std::fs::write(&path, "{\"version\":1,\"tot").unwrap();
    let events = work(&mut start(&V4_14, 1, directory.path()), &runs(100));
    assert_eq!(warnings(&events).len(), 1, "{events:?}");
    let state = State::load(&path).unwrap().expect("it was saved");
    assert_eq!(state.totals.runs, 100);
}
