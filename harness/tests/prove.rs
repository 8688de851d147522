//! Proofs: that they try what they say, and find what is there.
//!
//! The reduction is checked against two that do less: sleep sets alone try every trace by brute force, and
//! without any reduction every schedule is run. All have to come to the same set of traces, and no random
//! run may come to another one. What the relation behind it says about single steps is checked in
//! `commute.rs`.

mod common;

use common::{case, kernel};
use mmreap::world::world;
use mmreap_harness::case::{Case, Segment, Strategy};
use mmreap_harness::prove::behaviour::behaviour;
use mmreap_harness::prove::{Options, Proof, Reduction, Verdict, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Two processes that end at the same time.
fn two_exits() -> Case {
    case(
        "kernel v4.15\nprocess a\n  thread main: exit\nprocess b\n  thread main: exit\nschedule in_order",
    )
}

/// Somebody holds on to an address space while its owner ends.
fn a_pin() -> Case {
    case(
        "kernel v4.15
process victim
  vma heap anon 1 page
  thread main: exit
process reader adj -1000
  thread main: get_task_mm victim; mmput
schedule in_order",
    )
}

/// A victim that sleeps, a kill, the reaper.
fn a_kill() -> Case {
    case(
        "kernel v4.15
machine frames 16 min 1 high 2
process victim
  vma heap anon 1 page
  thread main: sleep 1
kthread killer
  thread main: sysrq_f
schedule in_order",
    )
}

/// The scenario of the commit that the project starts from. The reader holds on for a jiffy: until the killer
/// has let go of `oom_lock`, the reaper cannot run.
fn the_seed() -> Case {
    case(
        "kernel v4.15
machine frames 16 min 1 high 2
process victim
  vma heap anon 2 pages
  aio ring
  thread main: io_submit ring after 0
process reader adj -1000
  thread main: get_task_mm victim; sleep 1; mmput
kthread killer
  thread main: sysrq_f
schedule in_order",
    )
}

fn collect(case: &Case, reduction: Reduction, jobs: usize) -> Proof {
    let options =
        Options { reduction, jobs, collect: true, budget: 3_000_000, ..Options::default() };
    let proof = prove(case, kernel(&case.kernel), &options, &|_| true).unwrap();
    assert!(matches!(proof.verdict, Verdict::Clean), "{:?}", proof.verdict);
    proof
}

#[test]
fn source_sets_come_to_the_traces_that_sleep_sets_come_to() {
    for case in [two_exits(), a_pin(), a_kill()] {
        let (source, sleep) =
            (collect(&case, Reduction::Source, 1), collect(&case, Reduction::Sleep, 1));
        assert_eq!(source.classes, sleep.classes, "{case}");
        assert_eq!(sleep.traces, sleep.classes.len() as u64, "a trace was tried twice:\n{case}");
        assert_eq!(source.traces, source.classes.len() as u64, "a trace was tried twice:\n{case}");
        assert!(source.runs < sleep.runs, "{} {}", source.runs, sleep.runs);
    }
}

#[test]
fn several_jobs_come_to_the_same_traces() {
    for case in [a_pin(), a_kill()] {
        let (one, three) =
            (collect(&case, Reduction::Source, 1), collect(&case, Reduction::Source, 3));
        assert_eq!((one.traces, &one.classes), (three.traces, &three.classes), "{case}");
    }
}

#[test]
fn all_schedules_of_a_tiny_case_come_to_the_traces_of_its_proof() {
    let case = case(
        "kernel v4.15\nkthread a\n  thread main: free\nkthread b\n  thread main: free\nschedule in_order",
    );
    let (source, all) = (collect(&case, Reduction::Source, 1), collect(&case, Reduction::None, 1));
    assert_eq!(source.classes, all.classes);
    assert_eq!(source.behaviours, all.behaviours);
    assert!(all.runs > 10_000, "{}", all.runs);
}

/// What random runs live through. They start as a proof assumes: daemons wait for work.
fn random_behaviours(case: &Case, runs: u64) -> BTreeSet<u64> {
    let daemons = ["oom_reaper", "kworker"].map(|task| Segment { task: task.into(), until: None });
    let mut case = case.clone();
    case.schedule.segments = daemons.into();
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(&case)));
    let run = |seed| {
        runner.run(&plan, kernel(&case.kernel), Strategy::Pos { seed });
        world(|w| behaviour(w))
    };
    (0..runs).map(run).collect()
}

#[test]
fn no_random_run_lives_through_what_the_proof_does_not_know() {
    for (case, few) in [(two_exits(), 1), (a_pin(), 5), (a_kill(), 2)] {
        let proof = collect(&case, Reduction::Source, 1);
        let random = random_behaviours(&case, 3000);
        assert!(random.len() >= few, "only {} behaviours:\n{case}", random.len());
        assert!(random.is_subset(&proof.behaviours), "{case}");
    }
}

#[test]
fn a_bound_on_preemptions_leaves_fewer_behaviours_and_a_large_one_all() {
    let case = a_pin();
    let all = collect(&case, Reduction::Source, 1);
    let bounded = |preemptions| {
        let options =
            Options { preemptions: Some(preemptions), collect: true, ..Options::default() };
        prove(&case, kernel("v4.15"), &options, &|_| true).unwrap()
    };
    let sizes: Vec<usize> = (0..=3).map(|n| bounded(n).behaviours.len()).collect();
    assert!(sizes.is_sorted(), "{sizes:?}");
    assert!(sizes[0] < all.behaviours.len(), "{sizes:?} of {}", all.behaviours.len());
    assert_eq!(bounded(3).classes, all.classes);
}

#[test]
fn what_is_found_replays_as_it_was_found() {
    let case = Case { kernel: "v4.14".into(), ..the_seed() };
    let proof = prove(&case, kernel("v4.14"), &Options::default(), &|_| true).unwrap();
    let Verdict::Found(found, failure) = proof.verdict else { panic!("{:?}", proof.verdict) };
    let outcome = Runner::new().run_case(&found, kernel("v4.14"));
    assert_eq!(outcome.failure.map(|failure| failure.signature), Some(failure.signature));
    assert_eq!(outcome.divergences.lenient, []);
}

/// A fault that has to strike: the reaper frees nothing if it never gets the lock.
#[test]
fn faults_within_the_bound_are_tried() {
    let case = a_kill();
    let proof = |faults| {
        let options = Options { faults, ..Options::default() };
        prove(&case, kernel("v4.15"), &options, &|_| true).unwrap()
    };
    let (without, with) = (proof(0), proof(1));
    assert_eq!(without.placements, 1);
    assert!(with.placements > 2, "{}", with.placements);
    assert!(with.traces > without.traces);
}

#[test]
fn a_budget_ends_a_proof_without_a_verdict() {
    let options = Options { budget: 3, ..Options::default() };
    let proof = prove(&a_kill(), kernel("v4.15"), &options, &|_| true).unwrap();
    assert!(matches!(proof.verdict, Verdict::Stopped));
    assert_eq!(proof.runs, 3);
}
