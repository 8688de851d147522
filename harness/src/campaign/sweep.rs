//! The complete `fail-nth` sweep: for each fault point the first call fails, then the second, and so on,
//! until a run no longer gets to the n-th.
//!
//! As syzkaller does with `/proc/PID/fail-nth`. Everything but the one fault stays as it is: the case's
//! own faults are left out, and its schedule is kept.

use crate::case::{Case, Fault, FaultPoint, Signature};
use crate::fault_point;
use crate::run::Runner;
use mmreap::revision::Revision;
use std::collections::BTreeMap;

/// Calls of one point that are failed at the most: more than any case of the format gets to in a run
/// that comes to an end.
const CALLS: u32 = 1000;

/// A point, and the call of it that failed.
pub type Strike = (FaultPoint, u32);

/// What a sweep came to.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// Runs, one for each call that was failed.
    pub runs: u64,
    /// How the case fails without any fault, if it does. No fault is blamed for that.
    pub without: Option<Signature>,
    /// For each other failure, the first strike that led to it.
    pub found: BTreeMap<Signature, Strike>,
}

/// Fails every call of every point once.
pub fn sweep(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Sweep {
    let bare = Case { faults: Vec::new(), ..case.clone() };
    let without = runner.run_case(&bare, revision).failure.map(|failure| failure.signature);
    let mut sweep = Sweep { without, ..Sweep::default() };
    for &point in fault_point::all() {
        for nth in 1..=CALLS {
            let run = runner.run_case(&with_strike(case, (point, nth)), revision);
            if run.world().injection.calls(point) < nth {
                break;
            }
            sweep.runs += 1;
            if let Some(failure) = run.failure
                && sweep.without.as_ref() != Some(&failure.signature)
            {
                sweep.found.entry(failure.signature).or_insert((point, nth));
            }
        }
    }
    sweep
}

/// The case with one fault in the place of its own.
pub fn with_strike(case: &Case, (point, nth): Strike) -> Case {
    Case { faults: vec![Fault::once(point, nth, None)], ..case.clone() }
}
