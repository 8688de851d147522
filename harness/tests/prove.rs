//! Proofs: that they try what they say, and find what is there.
//!
//! The reduction is checked against two that do less: sleep sets alone try every trace by brute force, and
//! without any reduction every schedule is run. All have to come to the same set of traces, and no random
//! run may come to another one. What the relation behind it says about single steps is checked in
//! `commute.rs`, and proofs as such against plain enumeration in `enumeration.rs`.

mod common;

use common::{case, kernel};
use mmreap_harness::case::{Case, Fault, FaultPoint};
use mmreap_harness::minimize::measure;
use mmreap_harness::prove::behaviour::behaviour;
use mmreap_harness::prove::{Options, Proof, Reduction, Unprovable, Verdict, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::pos::POS;
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

/// Two that want so many pages each, of eight, and a process that has one and may be killed for it.
fn a_shortage(pages: u32) -> Case {
    case(&format!(
        "kernel v4.15
machine frames 8 min 1 high 2
process victim
  vma heap anon 1 page
  thread main: write heap
kthread a
  thread main: alloc {pages}
kthread b
  thread main: alloc {pages}
schedule in_order"
    ))
}

/// A fault sees an entry without its lock, the frame goes, and two take one: whoever gets it, it may be in the same entry
/// again by the time that the fault has the lock.
fn a_frame_that_comes_back() -> Case {
    case(
        "kernel v4.15
machine frames 16 min 1 high 2
process p
  vma v file 1 page
  thread a: read v; write v
  thread b: madvise v; read v
kthread k
  thread t: alloc 1
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
    assert!(all.runs > 100 * source.runs, "{} of {}", source.runs, all.runs);
}

/// What random runs live through.
fn random_behaviours(case: &Case, runs: u64) -> BTreeSet<u64> {
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(case)));
    let run = |seed| behaviour(runner.run(&plan, kernel(&case.kernel), POS.of(&[seed])).world());
    (0..runs).map(run).collect()
}

/// In so little, chance finds everything.
#[test]
fn random_runs_live_through_what_the_proof_knows() {
    for case in [two_exits(), a_pin(), a_kill(), a_shortage(2), a_shortage(3)] {
        let proof = collect(&case, Reduction::Source, 1);
        assert_eq!(random_behaviours(&case, 3000), proof.behaviours, "{case}");
    }
}

/// Two that try for `oom_lock` at the same time, one of them in vain, and try again.
#[test]
fn random_runs_live_through_nothing_that_the_proof_does_not_know() {
    for case in [a_shortage(4), a_frame_that_comes_back()] {
        let proof = collect(&case, Reduction::Source, 1);
        assert!(random_behaviours(&case, 3000).is_subset(&proof.behaviours), "{case}");
    }
}

fn bounded(case: &Case, preemptions: u32, jobs: usize) -> Proof {
    let preemptions = Some(preemptions);
    let options = Options { preemptions, jobs, collect: true, ..Options::default() };
    prove(case, kernel(&case.kernel), &options, &|_| true).unwrap()
}

#[test]
fn a_bound_on_preemptions_leaves_fewer_behaviours_and_a_large_one_all() {
    let case = a_pin();
    let all = collect(&case, Reduction::Source, 1);
    let sizes: Vec<usize> = (0..=3).map(|n| bounded(&case, n, 1).behaviours.len()).collect();
    assert!(sizes.is_sorted() && sizes[0] < sizes[1], "{sizes:?}");
    assert!(sizes[0] < all.behaviours.len(), "{sizes:?} of {}", all.behaviours.len());
    for case in [two_exits(), a_pin(), a_kill()] {
        let all = collect(&case, Reduction::Source, 1);
        assert_eq!(bounded(&case, 100, 1).behaviours, all.behaviours, "{case}");
    }
}

/// What several searches share out is tried completely above, which may show a trace more than once.
#[test]
fn several_jobs_come_to_what_one_does_within_a_bound() {
    for case in [a_pin(), a_kill(), the_seed()] {
        let (one, three) = (bounded(&case, 1, 1), bounded(&case, 1, 3));
        assert_eq!(one.behaviours, three.behaviours, "{case}");
        assert_eq!(one.classes, three.classes, "{case}");
    }
}

/// What is found costs what it may.
#[test]
fn what_is_found_within_a_bound_keeps_within_it() {
    let case = Case { kernel: "v4.14".into(), ..the_seed() };
    let proof = bounded(&case, 1, 1);
    assert!(!proof.others.is_empty());
    for (found, _) in proof.others.values() {
        let size = measure(&mut Runner::new(), found, kernel("v4.14"));
        assert!(size.preemptions <= 1, "{size}:\n{found}");
    }
}

#[test]
fn what_is_found_replays_as_it_was_found() {
    let case = Case { kernel: "v4.14".into(), ..the_seed() };
    let proof = prove(&case, kernel("v4.14"), &Options::default(), &|_| true).unwrap();
    let Verdict::Found(found, failure) = proof.verdict else { panic!("{:?}", proof.verdict) };
    let run = Runner::new().run_case(&found, kernel("v4.14"));
    assert_eq!(run.failure.map(|failure| failure.signature), Some(failure.signature));
    assert_eq!(run.divergences.lenient, []);
}

/// Two threads that fault in huge pages, a kill, and memory for half of it, with timers that fire at any moment: so many
/// schedules that the search does not leave those that begin as its first one does.
fn a_crowd() -> Case {
    case(
        "kernel v4.14
machine frames 5 min 1 high 2 time any empty_pmd good
process p1
  vma v1 anon 1 page
  vma v2 anon 4 pages huge
  thread t1: write v2; write v2; write v1; write v1; alloc 1
  thread t2: write v2; write v2; exit
kthread k1
  thread t1: sysrq_f; alloc 2",
    )
}

#[test]
fn chance_finds_what_the_search_does_not_come_to() {
    let case = a_crowd();
    let proof = |chance, preemptions| {
        let options = Options { chance, preemptions, budget: 400, ..Options::default() };
        prove(&case, kernel("v4.14"), &options, &|_| true).unwrap()
    };
    for bound in [None, Some(1)] {
        let without = proof(false, bound).verdict;
        assert!(matches!(without, Verdict::Stopped), "{bound:?}: {without:?}");
        let Verdict::Found(found, failure) = proof(true, bound).verdict else {
            panic!("{bound:?}: not found");
        };
        let run = Runner::new().run_case(&found, kernel("v4.14"));
        assert_eq!(run.failure.map(|failure| failure.signature), Some(failure.signature));
        let preemptions = measure(&mut Runner::new(), &found, kernel("v4.14")).preemptions;
        assert!(bound.is_none_or(|most| preemptions <= most as usize), "{preemptions}:\n{found}");
    }
}

#[test]
fn chance_leaves_a_proof_what_it_is() {
    for case in [two_exits(), a_pin(), a_kill()] {
        let proof = |chance| {
            let options = Options { chance, collect: true, ..Options::default() };
            prove(&case, kernel("v4.15"), &options, &|_| true).unwrap()
        };
        let (without, with) = (proof(false), proof(true));
        assert!(matches!(with.verdict, Verdict::Clean), "{:?}", with.verdict);
        assert_eq!((without.traces, &without.classes), (with.traces, &with.classes), "{case}");
        assert_eq!(with.runs, without.runs + (without.runs - 1) / 3, "{case}");
    }
}

/// A bound that nothing comes near to costs no memory.
#[test]
fn chance_keeps_within_a_bound_of_any_size() {
    let preemptions = Some(u32::MAX);
    let options = Options { chance: true, preemptions, ..Options::default() };
    let case = case("kernel v4.15\nkthread a\n  thread t: free\nkthread b\n  thread t: free");
    let proof = prove(&case, kernel("v4.15"), &options, &|_| true).expect("few threads");
    assert!(matches!(proof.verdict, Verdict::Clean) && proof.runs > proof.traces, "{proof:?}");
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

/// Each placed fault is a line of the case, of which there may be eight.
#[test]
fn faults_that_no_case_can_hold_are_refused() {
    let mut case = a_kill();
    case.faults = vec![Fault::once(FaultPoint::TRYLOCK, 1, None); 7];
    let proof = |faults| {
        let options = Options { faults, budget: 50, ..Options::default() };
        prove(&case, kernel("v4.15"), &options, &|_| true)
    };
    assert!(proof(0).is_ok() && proof(1).is_ok());
    assert_eq!(proof(2).err(), Some(Unprovable::Faults { own: 7, placed: 2 }));
}

#[test]
fn a_budget_ends_a_proof_without_a_verdict() {
    let proof = |budget| {
        let options = Options { budget, ..Options::default() };
        prove(&a_kill(), kernel("v4.15"), &options, &|_| true).unwrap()
    };
    let whole = proof(1_000_000);
    for budget in [0, 3, whole.runs - 1] {
        assert!(matches!(proof(budget).verdict, Verdict::Stopped));
        assert_eq!(proof(budget).runs, budget);
    }
    assert!(matches!(proof(whole.runs).verdict, Verdict::Clean));
}
