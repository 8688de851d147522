//! Random wrong revisions: none breaks or hangs the harness, which is there for just that.
//!
//! Each is made by taking functions of other releases and mutants, many of which do not fit together, and is attacked by
//! a campaign for a second. What it finds is as it may be; no campaign may panic, none may be longer than asked
//! for, and each failure is the kernel's and not mmreap's own. `cargo test --release -p mmreap-harness --test
//! wrong_revisions -- --ignored` attacks some hundreds.

use mmreap::revision::PARTS;
use mmreap::revision::Revision;
use mmreap_harness::campaign::Limit;
use mmreap_harness::campaign::worker::{Event, Finding, Settings, Worker};
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::explain;
use mmreap_harness::kernel;
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::derive_seed;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long each campaign may take.
const TIME: Duration = Duration::from_secs(1);

/// Threads that share them, as each has a processor to itself on the smallest machine.
const THREADS: usize = 2;

/// The wrong revision with the number: on average every third function is somebody else's.
fn wrong(number: u64) -> &'static Revision {
    let all: Vec<&Revision> = kernel::all().collect();
    let draw = |place: u64| derive_seed(number, place) as usize;
    let mut revision = all[draw(0) % all.len()];
    for (place, part) in (1..).zip(&PARTS) {
        if draw(2 * place) % 3 == 0 {
            revision = revision.with(&[part], all[draw(2 * place + 1) % all.len()]);
        }
    }
    let name = Box::leak(format!("v4.15+R{number}").into_boxed_str());
    Box::leak(Box::new(Revision { name, ..*revision }))
}

/// Attacks it: what was found, in which directory, and how long it took.
fn attack(revision: &'static Revision, directory: &Path) -> (Vec<Finding>, Duration) {
    let settings = Settings {
        revision,
        seed: 1,
        directory: directory.into(),
        is_member: false,
        given: Vec::new(),
    };
    let (mut found, started) = (Vec::new(), Instant::now());
    let limit = Limit { runs: None, deadline: Deadline::default().within(TIME) };
    let mut tell = |event| {
        if let Event::Found(finding) = event {
            found.push(finding);
        }
    };
    Worker::start(settings).unwrap().work(&mut tell, &limit).unwrap();
    (found, started.elapsed())
}

/// Attacks one, and explains what was found: everything that is not as it should be.
fn complaints(number: u64, slack: Duration) -> Vec<String> {
    let (revision, directory) = (wrong(number), tempfile::tempdir().unwrap());
    let (found, took) = attack(revision, directory.path());
    let files = corpus::list(directory.path()).unwrap();
    let mut complaints = Vec::new();
    if took > TIME + slack {
        complaints.push(format!("took {took:?}"));
    }
    if files.len() != found.len() {
        complaints.push(format!("{} findings in {files:#?}", found.len()));
    }
    let explained =
        found.iter().filter_map(|finding| explain(directory.path(), finding, revision).err());
    complaints.extend(explained);
    complaints.into_iter().map(|complaint| format!("number {number}: {complaint}\n")).collect()
}

/// A finding is the kernel's, and its file shows it again.
fn explain(directory: &Path, finding: &Finding, revision: &'static Revision) -> Result<(), String> {
    let Finding { signature, file, .. } = finding;
    let case = corpus::load(&directory.join(file)).map_err(|error| error.to_string())?;
    let explanation = explain::briefly(&mut Runner::new(), &case, revision);
    let shown = explanation.map_or("pass".to_string(), |explanation| explanation.signature);
    let is_right = !signature.starts_with("O-SELF") && shown == *signature;
    if is_right { Ok(()) } else { Err(format!("{signature}, shown as {shown}\n{case}")) }
}

fn check_all(numbers: Range<u64>, slack: Duration) {
    let left = Mutex::new(numbers);
    let work = || {
        let numbers = std::iter::from_fn(|| left.lock().unwrap().next());
        numbers.flat_map(|number| complaints(number, slack)).collect::<String>()
    };
    let all: String = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.is_empty(), "{all}");
}

/// The slack is for machines that are busy with other tests.
#[test]
fn some_wrong_revisions_break_nothing() {
    check_all(0..24, Duration::from_secs(5));
}

#[test]
#[ignore = "takes some minutes, and a machine to itself"]
fn hundreds_of_wrong_revisions_break_nothing() {
    check_all(24..424, Duration::from_secs(1));
}
