//! The bug suite against the standard scenarios of `scenarios/`: the smallest cases that show each bug.
//!
//! On its scenario a bug must be the first that is heard, under the schedules that a campaign draws. Of the
//! release that mutants are built on, and of what is safe on top of it, only the release's own bugs may
//! be heard. Every mutant of the table is in the suite or silent.

mod common;

use common::kernel;
use mmreap::release::RELEASES;
use mmreap_harness::campaign::attempt;
use mmreap_harness::campaign::suite::{Bug, SUITE};
use mmreap_harness::case::{Case, Signature};
use mmreap_harness::corpus;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::portfolio::Portfolio;
use mmreap_mutants::{MUTANTS, Mutant};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Runs in which a bug must show. Seeds are fixed, so what passes keeps passing until the code changes. If
/// a change only deals the schedules anew, a bug that shows in a part p of the runs is missed with
/// probability (1 - p)^RUNS: the rarest, B05, has p = 1.2 %, which is 1e-8; the next have 1.9 %, which is
/// 3e-13.
const RUNS: u64 = 1500;

/// Runs of what must be silent, on each scenario. There is no chance in that: one failure is one too many.
const SILENT_RUNS: u64 = 300;

/// The release that mutants are built on.
const BASE: &str = "v4.15";

/// Mutants that show nothing: changes that make nothing unsafe, and mistakes whose harm is outside of this model.
fn silent() -> impl Iterator<Item = &'static str> {
    let silent = MUTANTS.iter().filter(|mutant| mutant.shows.is_none());
    silent.map(|mutant| mutant.kernel.name)
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn scenario(name: &str) -> Case {
    corpus::load(&directory().join(format!("{name}.mmreap"))).expect("the scenario can be read")
}

fn scenarios() -> Vec<PathBuf> {
    let files = corpus::list(&directory()).expect("the scenarios can be listed");
    assert!(files.len() > 14, "only {} scenarios", files.len());
    files
}

fn bugs_of(name: &str) -> impl Iterator<Item = &'static Bug> {
    SUITE.iter().filter(move |bug| bug.kernel == name)
}

#[test]
fn each_bug_is_the_first_on_its_scenario() {
    let mut runner = Runner::new();
    for bug in SUITE.iter() {
        let (case, revision) = (scenario(bug.scenario), kernel(bug.kernel));
        let found = attempt(&mut runner, &case, revision, (1, RUNS), |_| false, |_| ());
        let found = found.unwrap_or_else(|| panic!("{} is silent on {}", bug.id, bug.scenario));
        let signature = found.failure.signature;
        assert!(bug.is(&signature), "{} on {}: {signature}", bug.id, bug.scenario);
    }
}

/// What the file of a release says of the history is what its scenarios show there, and nothing else of it.
#[test]
fn each_release_has_the_bugs_that_its_file_names() {
    let mut runner = Runner::new();
    for bug in SUITE.iter().filter(|bug| !bug.kernel.contains('+')) {
        let case = scenario(bug.scenario);
        for release in RELEASES {
            let others = |signature: &Signature| !bug.is(signature);
            let found = attempt(&mut runner, &case, release, (1, RUNS), others, |_| ());
            let is_named = release.bugs.contains(&bug.id);
            assert_eq!(found.is_some(), is_named, "{} on {}", bug.id, release.name);
        }
    }
}

/// What is heard on the release that mutants are built on is one of its own bugs, and so it is for what is
/// safe on top of it.
#[test]
fn what_is_safe_is_silent() {
    let mut runner = Runner::new();
    for path in scenarios() {
        let case = corpus::load(&path).expect("the scenario can be read");
        let plan = Rc::new(Plan::new(&case));
        for name in [BASE].into_iter().chain(silent()) {
            let mut portfolio = Portfolio::new(1);
            for run in 0..SILENT_RUNS {
                let failure = runner.run(&plan, kernel(name), portfolio.next(1, run)).failure;
                let signatures = failure.into_iter().map(|failure| failure.signature);
                let new = signatures.into_iter().find(|it| !bugs_of(BASE).any(|bug| bug.is(it)));
                assert_eq!(new, None, "{name} on {}", path.display());
            }
        }
    }
}

#[test]
fn every_mutant_is_in_the_suite_or_silent() {
    let silent: Vec<&str> = silent().collect();
    assert_eq!(
        silent,
        ["v4.15+M22", "v4.15+M29", "v4.15+E01", "v4.15+E02", "v4.15+E03", "v4.15+E04"]
    );
    for Mutant { kernel, .. } in MUTANTS {
        let is_silent = silent.contains(&kernel.name);
        assert_eq!(bugs_of(kernel.name).next().is_none(), is_silent, "{}", kernel.name);
    }
}

#[test]
fn scenarios_are_canonical_and_say_what_they_are_for() {
    for path in scenarios() {
        let text = std::fs::read_to_string(&path).expect("the scenario can be read");
        let case = corpus::load(&path).expect("the scenario can be parsed");
        assert_eq!(case.to_string(), text, "{}", path.display());
        assert!(!case.notes.is_empty(), "{}", path.display());
    }
}
