//! Proof against sampling: a claim that is not so is contradicted, one that is so is not.

use mmreap_harness::campaign::crosscheck::{Claim, Comparison, Subject, claim, compare, subjects};
use mmreap_harness::campaign::scenarios::SCENARIOS;
use mmreap_harness::case::parse::parse;
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::kernel;
use mmreap_harness::minimize::measure;
use mmreap_harness::run::Runner;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Fails on v4.14 with one preemption, and in another way with two.
const KILLED_WHILE_HELD: &str = "\
mmreap case 1
kernel v4.14

process p1
  vma v1 anon 1 page
  thread t1:

kthread k1
  thread t1: get_task_mm p1; sysrq_f
";

fn subject(kernel: &str) -> Subject {
    let revision = kernel::find(kernel).expect("a release");
    Subject { case: parse(KILLED_WHILE_HELD).expect("a case"), revision, seed: 1 }
}

/// Puts a claim to the test, whether it is so or not.
fn put(kernel: &str, preemptions: Option<u32>) -> Comparison {
    let claimed = |_: &Subject, _: Deadline<'_>| Some(Claim { preemptions });
    compare([subject(kernel)].into_iter(), claimed, 1, Deadline::default())
}

#[test]
fn a_wrong_claim_is_contradicted_by_a_case_that_fails() {
    for preemptions in [None, Some(1), Some(2)] {
        let Comparison { claims, runs, contradictions } = put("v4.14", preemptions);
        assert!(claims == 1 && runs > 0);
        let [it] = &contradictions[..] else { panic!("{preemptions:?}: {contradictions:?}") };
        let (mut runner, case) = (Runner::new(), it.found.raw());
        let kernel = kernel::find(&case.kernel).expect("the case names its kernel");
        let failure = runner.run_case(&case, kernel).failure;
        assert_eq!(failure.as_ref(), Some(&it.found.failure), "{case}");
        let spent = measure(&mut runner, &case, kernel).preemptions;
        assert!(preemptions.is_none_or(|bound| spent <= bound as usize), "{spent}: {case}");
    }
}

/// What a bounded proof does not speak of does not contradict it.
#[test]
fn a_claim_that_is_so_stands_thousands_of_runs() {
    for (kernel, preemptions) in [("v4.14", Some(0)), ("v4.15", None)] {
        let Comparison { claims, runs, contradictions } = put(kernel, preemptions);
        assert!(claims == 1 && runs == 10_000, "{runs}");
        assert!(contradictions.is_empty(), "{contradictions:?}");
    }
}

#[test]
fn what_is_claimed_is_proven() {
    let claim = |kernel| claim(&subject(kernel), Deadline::default());
    assert_eq!(claim("v4.15"), Some(Claim { preemptions: None }));
    assert_eq!(claim("v4.14"), None);
}

#[test]
fn proofs_of_scenarios_and_generated_cases_stand() {
    let comparison = compare(subjects(1), claim, 4, Deadline::default());
    assert_eq!(comparison.claims, 4);
    assert!(comparison.contradictions.is_empty(), "{:?}", comparison.contradictions);
}

#[test]
fn no_claim_is_put_to_the_test_when_the_time_is_up() {
    let over = Deadline::default().within(Duration::ZERO);
    assert_eq!(compare(subjects(1), claim, 4, over).claims, 0);
}

#[test]
fn every_scenario_is_part_of_the_program() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = corpus::list(&directory).expect("the scenarios can be listed");
    let names = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let known: BTreeSet<_> = SCENARIOS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), known);
}
