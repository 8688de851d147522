//! Proofs against plain enumeration: every schedule of the runner, one after the other, and nothing left out.
//!
//! An enumeration goes through the choices that a scheduler has, in their order, and counts preemptions as every
//! run does. It knows nothing of conflicts, blocks or sleeping, and lets daemons begin when they like. A proof
//! has to come to the same failures, and its threads have to live through the same.
//!
//! Where there are too many schedules to try them all, random ones that keep within the bound must not live
//! through anything that the proof does not know.

mod common;
#[path = "enumeration/tiny.rs"]
mod tiny;

use common::{case, kernel};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use mmreap_harness::case::Case;
use mmreap_harness::corpus;
use mmreap_harness::prove::behaviour::behaviour;
use mmreap_harness::prove::{Options, Proof, prove};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::Shared;
use mmreap_harness::schedule::preemption::could_go_on;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

/// The threads that may be next without more preemptions than are left.
fn affordable(candidates: &[Candidate], goes_on: Option<Tid>, left: u32) -> Vec<Tid> {
    let all = candidates.iter().map(|candidate| candidate.thread);
    all.filter(|&thread| left > 0 || goes_on.is_none_or(|goes_on| goes_on == thread)).collect()
}

/// Goes through all schedules with so many preemptions at most, in lexical order of their choices.
struct Enumerator {
    bound: u32,
    left: u32,
    /// What could be chosen at each decision, and which of it is.
    choices: Vec<(Vec<Tid>, usize)>,
    depth: usize,
}

impl Enumerator {
    fn new(bound: u32) -> Self {
        Enumerator { bound, left: bound, choices: Vec::new(), depth: 0 }
    }

    /// Turns to the next schedule. `false` if that was the last.
    fn advance(&mut self) -> bool {
        (self.depth, self.left) = (0, self.bound);
        while let Some((options, chosen)) = self.choices.last_mut() {
            *chosen += 1;
            if *chosen < options.len() {
                return true;
            }
            self.choices.pop();
        }
        false
    }
}

impl Choose for Enumerator {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let goes_on = could_go_on(candidates, current);
        if self.depth == self.choices.len() {
            self.choices.push((affordable(candidates, goes_on, self.left), 0));
        }
        let (options, chosen) = &self.choices[self.depth];
        let thread = options[*chosen];
        self.left -= u32::from(goes_on.is_some_and(|goes_on| goes_on != thread));
        self.depth += 1;
        thread
    }
}

/// What some schedules came to.
#[derive(Default)]
struct Seen {
    runs: u64,
    failures: BTreeSet<String>,
    behaviours: BTreeSet<u64>,
}

impl Seen {
    fn run(&mut self, runner: &mut Runner, plan: &Rc<Plan>, name: &str, choose: Box<dyn Choose>) {
        let run = runner.record_under(plan, kernel(name), choose);
        self.runs += 1;
        self.behaviours.insert(behaviour(run.world()));
        self.failures.extend(run.failure.map(|failure| failure.signature.to_string()));
    }
}

/// All schedules, unless there are more than so many.
fn enumerate(case: &Case, name: &str, bound: u32, most: u64) -> Option<Seen> {
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(case)));
    let enumerator = Rc::new(RefCell::new(Enumerator::new(bound)));
    let mut seen = Seen::default();
    while seen.runs < most {
        seen.run(&mut runner, &plan, name, Box::new(Shared(enumerator.clone())));
        if !enumerator.borrow_mut().advance() {
            return Some(seen);
        }
    }
    None
}

fn proof(case: &Case, name: &str, preemptions: Option<u32>) -> Proof {
    let options = Options { preemptions, collect: true, ..Options::default() };
    prove(case, kernel(name), &options, &|_| true).expect("few threads")
}

fn failures_of(proof: &Proof) -> BTreeSet<String> {
    proof.others.keys().map(ToString::to_string).collect()
}

fn assert_same(case: &Case, name: &str, bound: Option<u32>, seen: &Seen) {
    let proof = proof(case, name, bound);
    let failures = failures_of(&proof);
    let what = format!("{bound:?} preemptions on {name}, {} schedules:\n{case}", seen.runs);
    assert_eq!(failures, seen.failures, "{what}");
    assert_eq!(seen.behaviours.difference(&proof.behaviours).count(), 0, "missed: {what}");
    assert_eq!(proof.behaviours.difference(&seen.behaviours).count(), 0, "made up: {what}");
    assert!(proof.runs <= seen.runs, "{} runs: {what}", proof.runs);
}

/// Schedules of the largest comparisons: one of them takes some seconds.
const MOST: u64 = 30_000;

/// Compares on some kernels; returns the failures.
fn compare(case: &Case, names: &[&str], bound: u32) -> BTreeSet<String> {
    let mut failures = BTreeSet::new();
    for name in names {
        let seen = enumerate(case, name, bound, MOST).unwrap_or_else(|| panic!("many:\n{case}"));
        assert_same(case, name, Some(bound), &seen);
        failures.extend(seen.failures);
    }
    failures
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The case of a file, without what it says of schedules.
fn file(path: impl AsRef<Path>) -> Case {
    let mut case = corpus::load(&root().join(path)).expect("the case can be read");
    case.schedule.segments.clear();
    case
}

/// One preemption is enough, at a step that races with nothing: what runs instead is in conflict with the step
/// before.
#[test]
fn a_preemption_where_nothing_races_is_tried() {
    let case = case(
        "kernel v4.14
process p1
  vma v1 anon 1 page
  thread t1:
kthread k1
  thread t1: get_task_mm p1; sysrq_f",
    );
    assert_eq!(compare(&case, &["v4.14", "v4.15"], 0), BTreeSet::new());
    let failure = "O-PT-UAF page_table __oom_reap_task_mm exit_mmap".to_string();
    assert_eq!(compare(&case, &["v4.14"], 1), BTreeSet::from([failure]));
}

/// Who is in the queue gets the lock from whoever releases it, and that is no preemption.
#[test]
fn threads_queue_up_for_locks() {
    let two_kills = file("tests/scenarios/sc_2enq.mmreap");
    assert_eq!(compare(&two_kills, &["v4.15"], 0), BTreeSet::new());
    let case = case(
        "kernel v4.15
process p
  vma v anon 1 page
  thread a: munmap v
  thread b: madvise v",
    );
    assert_eq!(compare(&case, &["v4.15"], 0), BTreeSet::new());
    assert_eq!(compare(&case, &["v4.15"], 1), BTreeSet::new());
}

/// A block may drop more than one reference of a counter, and which of all is the last depends on what others drop.
#[test]
fn references_are_dropped_in_one_block() {
    let case = case(
        "kernel v4.15
machine time any
process p
  thread m: exit
kthread o
  thread t: get_task_mm p; sysrq_f",
    );
    assert_eq!(compare(&case, &["v4.14", "v4.15", "v4.15+M04"], 0), BTreeSet::new());
}

#[test]
fn two_preemptions() {
    let two = "kernel v4.15\nkthread a\n  thread t: free\nkthread b\n  thread t: free";
    assert_eq!(compare(&case(two), &["v4.15"], 2), BTreeSet::new());
    let context = file("tests/scenarios/sc_io_destroy.mmreap");
    assert!(compare(&context, &["v4.15+M20c"], 2).contains("O-DOUBLE kioctx io_destroy"));
}

/// Compares each of some cases that has at most so many schedules; how many those are, and how many fail.
fn compare_small(cases: impl Iterator<Item = Case>, bound: u32, most: u64) -> (u32, u32) {
    let (mut compared, mut failing) = (0, 0);
    for case in cases {
        let Some(seen) = enumerate(&case, &case.kernel, bound, most) else { continue };
        assert_same(&case, &case.kernel, Some(bound), &seen);
        compared += 1;
        failing += u32::from(!seen.failures.is_empty());
    }
    (compared, failing)
}

#[test]
fn scenarios_and_the_corpus_where_they_are_small() {
    let directories = ["tests/scenarios", "../corpus"].map(|it| root().join(it));
    let paths = directories.iter().flat_map(|it| corpus::list(it).expect("it can be listed"));
    let (compared, failing) = compare_small(paths.map(file), 0, 1500);
    assert!(compared >= 15 && failing >= 3, "only {compared}, {failing} of them fail");
}

#[test]
fn generated_cases_without_a_preemption() {
    let (compared, failing) = compare_small((0..160).map(tiny::case), 0, 500);
    assert!(compared >= 50 && failing >= 4, "only {compared}, {failing} of them fail");
}

/// Those with few enough orders of blocks that one preemption more leaves few enough, too.
#[test]
fn generated_cases_with_a_preemption() {
    let is_small = |case: &Case| enumerate(case, &case.kernel, 0, 60).is_some();
    let (compared, _) = compare_small((0..100).map(tiny::case).filter(is_small), 1, 6000);
    assert!(compared >= 12, "only {compared}");
}

/// Without a bound there are few enough schedules only if next to nothing happens.
#[test]
fn every_schedule_of_next_to_nothing() {
    for operation in ["free", "sleep 1", "alloc 1", "sysrq_f"] {
        let case = case(&format!("kernel v4.15\nkthread k\n  thread t: {operation}"));
        let seen = enumerate(&case, "v4.15", u32::MAX, MOST).expect("next to nothing");
        assert_same(&case, "v4.15", None, &seen);
    }
}

/// Chooses by chance, with so many preemptions at most.
struct Few {
    rng: ChaCha8Rng,
    left: u32,
}

/// One decision in so many, at which a thread could go on, is for another one.
const RARELY: u32 = 40;

impl Choose for Few {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let goes_on = could_go_on(candidates, current);
        let preempts = self.rng.next_u32().is_multiple_of(RARELY);
        let options = affordable(candidates, goes_on, if preempts { self.left } else { 0 });
        let thread = options[self.rng.next_u32() as usize % options.len()];
        self.left -= u32::from(goes_on.is_some_and(|goes_on| goes_on != thread));
        thread
    }
}

#[test]
fn no_random_run_within_the_bound_lives_through_what_its_proof_does_not_know() {
    const SCENARIOS: [(&str, &[&str], u32); 5] = [
        ("sc_1v", &["v4.14", "v4.15", "v4.15+M04", "v4.15+M14"], 1),
        ("sc_aio", &["v4.13", "v4.15"], 2),
        ("sc_ksm", &["v4.15"], 1),
        ("sc_writer2", &["v4.9", "v4.15"], 2),
        ("seed", &["v4.14"], 1),
    ];
    for (scenario, names, bound) in SCENARIOS {
        let case = file(format!("tests/scenarios/{scenario}.mmreap"));
        for name in names {
            let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(&case)));
            let mut seen = Seen::default();
            for seed in 0..2000 {
                let few = Few { rng: ChaCha8Rng::seed_from_u64(seed), left: bound };
                seen.run(&mut runner, &plan, name, Box::new(few));
            }
            let proof = proof(&case, name, Some(bound));
            let failures = failures_of(&proof);
            assert!(seen.failures.is_subset(&failures), "{:?}", seen.failures);
            assert!(seen.behaviours.is_subset(&proof.behaviours), "{scenario} on {name}");
        }
    }
}
