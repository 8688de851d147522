//! Runs one input: which case it is, on which kernel, and whether what happens is news.
//!
//! The input is the text of a case. Bytes that are no case feed the generator instead, so that a session
//! can start from nothing; [`crate::input`] sees to it that inputs are text from then on.

use crate::settings::{SETTINGS, Settings};
use arbitrary::Unstructured;
use mmreap::revision::{self, Revision};
use mmreap_harness::campaign::known::Known;
use mmreap_harness::campaign::{Found, RUNS_PER_CASE, attempt, produce};
use mmreap_harness::case::parse::parse_bytes;
use mmreap_harness::case::{Case, Strategy};
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::portfolio::Portfolio;
use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

thread_local! {
    /// Kept from input to input: its stacks are expensive.
    static RUNNER: RefCell<Runner> = RefCell::new(Runner::new());
}

/// What became of an input.
pub enum Verdict {
    /// It asks for a kernel that is no release.
    Unusable,
    /// Nothing happened that was not known.
    Unsuspicious,
    /// It fails in a new way.
    New(Box<Found>),
}

/// Runs an input.
pub fn run(data: &[u8]) -> Verdict {
    let settings = &*SETTINGS;
    let mut case = read(data, settings);
    let Some(revision) = settings.kernel.or_else(|| release(&case.kernel)) else {
        return Verdict::Unusable;
    };
    let mut own = Known::default();
    own.add(&case);
    case.kernel = revision.name.to_string();
    let is_new = |found: &Found| {
        let signature = &found.failure.signature;
        ![&own, &settings.known].iter().any(|known| known.contains(revision.name, signature))
    };
    let found = RUNNER.with_borrow_mut(|runner| {
        as_it_stands(runner, &case, revision)
            .filter(is_new)
            .or_else(|| under_other_schedules(runner, &case, revision).filter(is_new))
    });
    found.map_or(Verdict::Unsuspicious, |found| Verdict::New(Box::new(found)))
}

/// A release. Mutants fail in ways that nobody wrote down, so they have to be asked for.
fn release(name: &str) -> Option<&'static Revision> {
    revision::RELEASES.into_iter().find(|release| release.name == name)
}

fn read(data: &[u8], settings: &Settings) -> Case {
    parse_bytes(data).unwrap_or_else(|_| {
        produce(&mut Unstructured::new(data), settings.kernel_for_new_cases(), &[])
    })
}

/// Runs a case once as it is written, if it says anything about how it is to be run.
fn as_it_stands(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Option<Found> {
    let schedule = &case.schedule;
    let speaks = case.expect.is_some()
        || !schedule.segments.is_empty()
        || schedule.strategy != Strategy::InOrder;
    let outcome = speaks.then(|| runner.run_case(case, revision))?;
    outcome.failure.map(|failure| Found { case: case.clone(), failure })
}

fn under_other_schedules(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<Found> {
    let seed = seed(case);
    attempt(runner, &mut Portfolio::new(seed), case, revision, seed, RUNS_PER_CASE).0
}

/// The same text always runs under the same schedules.
fn seed(case: &Case) -> u64 {
    let mut hasher = DefaultHasher::new();
    case.to_string().hash(&mut hasher);
    hasher.finish()
}
