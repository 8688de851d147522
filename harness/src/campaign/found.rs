//! A failure that was found, and the small case that is made of it.

use crate::case::{Case, Expect};
use crate::deadline::Deadline;
use crate::minimize::{Budget, Small, fits, minimize};
use crate::oracle::Failure;
use crate::run::Runner;
use crate::run::accident::guarded;
use crate::run::own;
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use std::time::Duration;

/// A failing run, as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The case, with the strategy and seed under which it fails.
    pub case: Case,
    /// The failure.
    pub failure: Failure,
}

impl Found {
    /// The case as it failed, with its failure as the expectation.
    pub fn raw(&self) -> Case {
        let expect = Some(Expect::Fail(self.failure.signature.clone()));
        Case { expect, others: Vec::new(), ..self.case.clone() }
    }
}

/// What became of a failure.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The smallest case of it, with its verdict on every release.
    pub case: Case,
    /// What else minimising met: a failing run for each other signature.
    pub others: Vec<Found>,
    /// How it was minimised; `None` if it did not fail again, or is still too long for a file.
    pub small: Option<Small>,
}

/// How long a campaign minimises one failure, at most.
const MINIMISING: Duration = Duration::from_secs(60);

/// What a campaign spends to minimise one failure.
pub(super) fn budget(deadline: Deadline<'_>) -> Budget<'_> {
    Budget { deadline: deadline.within(MINIMISING), ..Budget::default() }
}

/// Minimises a failure, and writes down its verdict on every release unless all is called off. If that goes wrong,
/// the failure stays as it is, and how it went wrong is met besides.
pub fn finish(
    runner: &mut Runner,
    found: &Found,
    revision: &'static Revision,
    budget: &Budget<'_>,
    progress: &mut dyn FnMut(u64),
) -> Finished {
    guarded(|| try_to_finish(runner, found, revision, budget, progress)).unwrap_or_else(
        |accident| {
            let other = Found { case: found.case.clone(), failure: own::failure(&accident) };
            Finished { case: found.raw(), others: vec![other], small: None }
        },
    )
}

fn try_to_finish(
    runner: &mut Runner,
    found: &Found,
    revision: &'static Revision,
    budget: &Budget<'_>,
    progress: &mut dyn FnMut(u64),
) -> Finished {
    let signature = &found.failure.signature;
    let small = minimize(runner, &found.case, revision, signature, budget, progress);
    let small = small.filter(|small| fits(&small.case));
    let mut case = small.as_ref().map_or(&found.case, |small| &small.case).clone();
    case.kernel = revision.name.to_string();
    case.expect = Some(Expect::Fail(signature.clone()));
    // A few runs more, but only if nobody waits for the end.
    case.others =
        if budget.deadline.is_called_off() { Vec::new() } else { verdicts(runner, &case) };
    let others = small.iter().flat_map(|small| small.others.values().cloned());
    let others = others.map(|(case, failure)| Found { case, failure }).collect();
    Finished { case, others, small }
}

/// The verdicts on the releases that the case is not made for.
pub fn verdicts(runner: &mut Runner, case: &Case) -> Vec<(String, Expect)> {
    let others = RELEASES.into_iter().filter(|release| release.name != case.kernel);
    others.map(|release| (release.name.to_string(), verdict(runner, case, release))).collect()
}

/// The verdict of a case on a revision.
pub fn verdict(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Expect {
    match runner.run_case(case, revision).failure {
        Some(failure) => Expect::Fail(failure.signature),
        None => Expect::Pass,
    }
}
