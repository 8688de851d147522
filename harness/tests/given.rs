//! Campaigns on given cases: they find what other schedules of a case show, and stay near to it.

use mmreap_harness::campaign::Campaign;
use mmreap_harness::case::{Case, Expect, Schedule, mutate};
use mmreap_harness::corpus;
use mmreap_harness::kernel;
use mmreap_harness::schedule::in_order::IN_ORDER;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs after which a failure counts as not found. Seeds are fixed, so what passes keeps passing until the code
/// changes; the one that is found last takes a third of them.
const RUNS: u64 = 300_000;

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    corpus::list(&directory).expect("the corpus can be listed")
}

/// The case without a schedule: what somebody knows who has not seen it fail.
fn body(case: &Case) -> Case {
    let mut body = case.clone();
    body.schedule = Schedule { strategy: IN_ORDER.of(&[]), segments: Vec::new() };
    body
}

#[test]
fn each_failure_of_the_corpus_is_found_from_its_body() {
    for path in files() {
        let case = corpus::load(&path).expect("a case");
        let Some(Expect::Fail(expected)) = &case.expect else { continue };
        let revision = kernel::find(&case.kernel).expect("a kernel");
        let mut campaign = Campaign::new(revision, 1).on(vec![body(&case)]);
        let is_it = |campaign: &mut Campaign| {
            campaign.run().is_some_and(|found| found.failure.signature == *expected)
        };
        while !is_it(&mut campaign) {
            let runs = campaign.totals.runs;
            assert!(runs < RUNS, "{} is not found in {runs} runs", path.display());
        }
    }
}

#[test]
fn the_first_run_is_the_case_as_it_stands() {
    for path in files() {
        let case = corpus::load(&path).expect("a case");
        let Some(Expect::Fail(expected)) = &case.expect else { continue };
        let revision = kernel::find(&case.kernel).expect("a kernel");
        let found = Campaign::new(revision, 1).on(vec![case.clone()]).run();
        let found = found.unwrap_or_else(|| panic!("{} passes", path.display()));
        assert_eq!(found.failure.signature, *expected, "{}", path.display());
        assert_eq!(found.case.schedule, case.schedule, "{}", path.display());
        assert_eq!(found.raw().notes, [""; 0], "a certificate of another schedule");
    }
}

/// Lines that only one of the two texts has, or has more often.
fn distance(one: &Case, other: &Case) -> usize {
    let (one, other) = (body(one).to_string(), body(other).to_string());
    let mut counts: BTreeMap<&str, isize> = BTreeMap::new();
    one.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    other.lines().for_each(|line| *counts.entry(line).or_default() -= 1);
    counts.values().map(|count| count.unsigned_abs()).sum()
}

/// More than three changes make: 9 is what this seed comes to. Changes of changes come to 23.
const NEAR: usize = 12;

/// Changes are made to what was given, and not to what came of it: nothing is far from it.
#[test]
fn what_is_tried_is_near() {
    let path = files().into_iter().next().expect("the corpus has a case");
    let mut case = corpus::load(&path).expect("a case");
    mutate::forget_verdicts(&mut case);
    let revision = kernel::find(&case.kernel).expect("a kernel");
    let mut campaign = Campaign::new(revision, 1).on(vec![case.clone()]);
    let mut distances = Vec::new();
    while campaign.totals.cases < 2000 {
        campaign.run();
        distances.extend(campaign.take_kept().iter().map(|kept| distance(kept, &case)));
    }
    let farthest = distances.iter().copied().max();
    assert!(farthest.is_some_and(|farthest| farthest <= NEAR), "{distances:?}");
    assert!(distances.contains(&0) && distances.iter().any(|&it| it > 0), "{distances:?}");
}
