//! Patches that make mmreap itself panic: what is left of a run is a finding, and everything goes on.

mod common;

use common::case;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::release::V4_15;
use mmreap::revision::Revision;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use mmreap::task::Task;
use mmreap::world::End;
use mmreap_harness::campaign::Limit;
use mmreap_harness::campaign::worker::{Event, Settings, Worker};
use mmreap_harness::case::{Case, Expect};
use mmreap_harness::corpus;
use mmreap_harness::prove::{Options, Verdict, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

/// Panics when an address space goes.
static ALWAYS: Revision = Revision { name: "v4.15+always", exit_mmap: fall_over, ..V4_15 };

/// Panics when somebody was killed.
static SOMETIMES: Revision = Revision { name: "v4.15+sometimes", oom_reap_task: trip, ..V4_15 };

fn fall_over(_: Handle<Mm>) {
    panic!("on purpose");
}

fn trip(task: Handle<Task>) {
    assert_eq!(task.serial(), 0, "on purpose, too");
}

fn plain() -> Case {
    case("kernel v4.15\nprocess p1\n  vma v1 anon 2 pages\n  thread t1: write v1; exit\n")
}

fn work(revision: &'static Revision, directory: &Path, runs: u64) -> Vec<Event> {
    let settings = Settings {
        revision,
        seed: 1,
        directory: directory.into(),
        is_member: false,
        given: Vec::new(),
    };
    let mut events = Vec::new();
    let mut worker = Worker::start(settings).unwrap();
    let limit = Limit { runs: Some(runs), ..Limit::default() };
    worker.work(&mut |event| events.push(event), &limit).unwrap();
    events
}

#[test]
fn a_campaign_goes_on_and_writes_the_case() {
    let directory = tempfile::tempdir().unwrap();
    for revision in [&ALWAYS, &SOMETIMES] {
        let events = work(revision, directory.path(), 500);
        let Some(Event::Progress(progress)) = events.last() else { panic!("{events:?}") };
        assert_eq!(progress.totals.runs, 500);
        let found = |event: &Event| match event {
            Event::Found(finding) => Some(finding.clone()),
            _ => None,
        };
        let mut found = events.iter().filter_map(found);
        let found = found.find(|it| it.signature.starts_with("O-SELF none harness/tests/accident"));
        let case = corpus::load(&directory.path().join(found.expect("it is found").file)).unwrap();
        let failure = Runner::new().run_case(&case, revision).failure.expect("it fails again");
        assert_eq!(case.expect, Some(Expect::Fail(failure.signature.clone())));
        assert!(failure.headline().starts_with("mmreap itself failed in harness/tests/accident"));
        assert!(failure.details[0].contains(": on purpose"), "{:?}", failure.details);
        assert_eq!(failure.details[0].lines().count(), 1, "{:?}", failure.details);
        assert!(case.others.iter().all(|(_, verdict)| *verdict == Expect::Pass), "{case}");
    }
}

#[test]
fn a_runner_is_as_good_as_new_afterwards() {
    let mut runner = Runner::watching();
    let before = runner.run_case(&plain(), &V4_15);
    for _ in 0..1000 {
        let run = runner.run_case(&plain(), &ALWAYS);
        assert_eq!(run.end, End::Broken);
        assert_eq!(run.failure.expect("it panics").signature.oracle, "O-SELF");
    }
    let after = runner.run_case(&plain(), &V4_15);
    assert!(before.failure.is_none() && after.failure.is_none());
    assert_eq!((after.steps, after.watched().len()), (before.steps, before.watched().len()));
}

/// Panics at its so manieth decision.
struct Moody(u32);

impl Choose for Moody {
    fn choose(&mut self, candidates: &[Candidate], _: Option<Tid>) -> Tid {
        self.0 = self.0.checked_sub(1).expect("its mood is good");
        candidates[0].thread
    }
}

#[test]
fn a_scheduler_that_panics_is_an_accident_of_its_run() {
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(&plain())));
    for decisions in 0..40 {
        let run = runner.run_with(&plan, &V4_15, Box::new(Moody(decisions)));
        let failure = run.failure.unwrap_or_else(|| panic!("{decisions} are too many"));
        assert_eq!(failure.signature.oracle, "O-SELF", "{failure:?}");
    }
    assert!(runner.run_case(&plain(), &V4_15).failure.is_none());
}

#[test]
fn a_proof_finds_it() {
    let proof = prove(&plain(), &ALWAYS, &Options::default(), &|_| true).expect("few threads");
    let Verdict::Found(case, failure) = proof.verdict else { panic!("{proof:?}") };
    assert_eq!(failure.signature.oracle, "O-SELF");
    assert_eq!(Runner::new().run_case(&case, &ALWAYS).failure, Some(*failure));
}

/// The name of the next test, and what tells it that it is the inner one.
const QUIET: &str = "nothing_of_it_is_printed";
const INNER: &str = "MMREAP_TEST_IS_INNER";

/// In a process of its own, whose standard error can be looked at.
#[test]
fn nothing_of_it_is_printed() {
    if std::env::var_os(INNER).is_some() {
        work(&ALWAYS, tempfile::tempdir().unwrap().path(), 50);
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    let output = command.args(["--exact", QUIET, "--nocapture"]).env(INNER, "1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
