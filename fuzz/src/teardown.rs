//! Runs one input: which case it is, on which kernel, and whether what happens is news.
//!
//! The input is the text of a case. Bytes that are no case feed the generator instead, so that a session
//! can start from nothing; [`crate::input`] sees to it that inputs are text from then on.

use crate::counters;
use crate::settings::{SETTINGS, Settings};
use arbitrary::Unstructured;
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use mmreap_harness::campaign::known::Known;
use mmreap_harness::campaign::{Found, RUNS_PER_CASE, attempt};
use mmreap_harness::case::mutate::Sites;
use mmreap_harness::case::parse::parse_bytes;
use mmreap_harness::case::{Case, Signature, generate};
use mmreap_harness::coverage::{Feature, Tracer, add_sites, stable_hash};
use mmreap_harness::kernel;
use mmreap_harness::run::{Run, Runner};
use mmreap_harness::schedule::in_order::IN_ORDER;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

thread_local! {
    /// Kept from input to input: its stacks are expensive. Never dropped: when libFuzzer ends the process,
    /// what the engine needs for that may be gone.
    static RUNNER: ManuallyDrop<RefCell<Runner>> =
        ManuallyDrop::new(RefCell::new(Runner::watching()));
    static TRACER: RefCell<Tracer> = RefCell::new(Tracer::default());
    /// Where tasks have been in the first run of each input so far.
    static SITES: RefCell<Sites> = RefCell::new(Sites::default());
}

/// Gives access to where tasks have been, for new schedules.
pub fn seen_sites<R>(f: impl FnOnce(&Sites) -> R) -> R {
    SITES.with_borrow(f)
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
    let is_known = |signature: &Signature| {
        [&own, &settings.known].iter().any(|known| known.contains(revision.name, signature))
    };
    let mut is_first = true;
    let watch = |run: &Run| {
        count(run);
        if std::mem::take(&mut is_first) {
            SITES.with_borrow_mut(|sites| add_sites(run.world(), sites));
        }
    };
    let found =
        RUNNER.with(|runner| attack(&mut runner.borrow_mut(), &case, revision, is_known, watch));
    counters::hide_code();
    found.map_or(Verdict::Unsuspicious, |found| Verdict::New(Box::new(found)))
}

/// Looks for a failure that is not known; `watch` hears of every run. A panic of the model is one, and no crash
/// before its schedule was written down.
///
/// How many schedules a case gets does not depend on what other cases have shown, as in campaigns: libFuzzer's input
/// alone would not crash again. Patience found no more, either: 32 failures of v4.14 in three times 12 s of the processor, ten
/// schedules 35.
fn attack(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    is_known: impl Fn(&Signature) -> bool,
    mut watch: impl FnMut(&Run),
) -> Option<Found> {
    let own = as_it_stands(runner, case, revision, &mut watch);
    own.filter(|found| !is_known(&found.failure.signature)).or_else(|| {
        let schedules = (seed(case), RUNS_PER_CASE);
        attempt(runner, case, revision, schedules, is_known, watch)
    })
}

/// Tells libFuzzer what a run has shown, as far as it is worth keeping.
fn count(run: &Run) {
    TRACER.with_borrow_mut(|tracer| {
        tracer.trace(run.watched(), run.world(), |feature| {
            if let Feature::Single(number) = feature {
                counters::add(number);
            }
        });
    });
}

/// A release, or what is attacked if nobody says which. Mutants fail in ways that nobody wrote down, so they have to be
/// asked for.
fn release(name: &str) -> Option<&'static Revision> {
    RELEASES.into_iter().chain([kernel::default()]).find(|release| release.name == name)
}

fn read(data: &[u8], settings: &Settings) -> Case {
    parse_bytes(data).unwrap_or_else(|_| {
        generate::case(&mut Unstructured::new(data), settings.kernel_for_new_cases())
    })
}

/// Runs a case once as it is written, if it says anything about how it is to be run.
fn as_it_stands(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    mut watch: impl FnMut(&Run),
) -> Option<Found> {
    let schedule = &case.schedule;
    let speaks = case.expect.is_some()
        || !schedule.segments.is_empty()
        || schedule.strategy != IN_ORDER.of(&[]);
    let run = speaks.then(|| runner.run_case(case, revision))?;
    watch(&run);
    run.failure.map(|failure| Found { case: case.clone(), failure })
}

/// The same text always runs under the same schedules.
fn seed(case: &Case) -> u64 {
    stable_hash(case.to_string().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mmreap::release::V4_14;

    static BROKEN: Revision = Revision { exit_mmap: |_| panic!("on purpose"), ..V4_14 };

    #[test]
    fn a_panic_of_the_model_is_a_failure_with_its_schedule() {
        let text = b"mmreap case 1\nkernel v4.14\n\nprocess p\n  thread t: exit\n";
        let case = parse_bytes(text).unwrap();
        let found = attack(&mut Runner::watching(), &case, &BROKEN, |_| false, count).unwrap();
        assert_eq!(found.failure.signature.oracle, "O-SELF");
        let again = Runner::new().run_case(&found.case, &BROKEN).failure;
        assert_eq!(again, Some(found.failure));
    }
}
