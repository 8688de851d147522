//! Another schedule for a smaller case.
//!
//! First every schedule with no preemption and with one, as far as a small budget goes: most races of a small
//! case show there, and what is found needs no turns to be taken out again. Then the portfolio, whose
//! schedules are long but go far.

use super::{Best, Minimizer};
use crate::case::Case;
use crate::prove::{Options, Progress, Verdict, prove};
use crate::run::plan::Plan;
use crate::schedule::portfolio::Portfolio;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs with so many preemptions at most, before it is given up.
const BOUNDED: [u64; 2] = [40, 160];

/// Runs of the portfolio before a case is given up: enough to find, with 99 % probability, what fails
/// once in fifty runs.
const SAMPLED: u64 = 230;

/// The case under another schedule, written by names, if one fails with the signature. `far` says that it
/// is worth going far for it. A case is not looked at twice.
pub fn search(minimizer: &mut Minimizer<'_>, candidate: &Case, far: bool) -> Option<Best> {
    let mut free = candidate.clone();
    free.schedule.segments.clear();
    if !minimizer.hopeless.insert(free.to_string()) {
        return None;
    }
    let few = |minimizer: &mut Minimizer<'_>| {
        (0..).zip(BOUNDED).find_map(|(most, runs)| bounded(minimizer, &free, most, runs).ok()?)
    };
    few(minimizer).or_else(|| far.then(|| sampled(minimizer, &free))?)
}

/// All schedules with so many preemptions at most: one that fails, or none.
pub fn bounded(
    minimizer: &mut Minimizer<'_>,
    free: &Case,
    preemptions: u32,
    budget: u64,
) -> Result<Option<Best>, Open> {
    if minimizer.is_exhausted() {
        return Err(Open);
    }
    let wanted = Some(minimizer.signature.clone());
    let options = Options { preemptions: Some(preemptions), budget, wanted, ..Options::default() };
    let (whole, before, steps) = (minimizer.budget, minimizer.runs, AtomicU64::new(0));
    let goes_on = |Progress { runs, steps: latest }: Progress| {
        let steps = steps.fetch_add(u64::from(latest), Ordering::Relaxed);
        !whole.is_exhausted(before + runs, minimizer.steps + steps)
    };
    let proof = prove(free, minimizer.revision, &options, &goes_on).map_err(|_| Open)?;
    minimizer.count_runs(proof.runs, steps.into_inner());
    for (signature, run) in proof.others {
        minimizer.others.entry(signature).or_insert(run);
    }
    match proof.verdict {
        Verdict::Clean => Ok(None),
        Verdict::Found(case, _) => {
            minimizer.reproduces(&case).map(|(best, _)| Some(best)).ok_or(Open)
        }
        Verdict::Stopped => Err(Open),
    }
}

/// Not all of them could be tried.
pub struct Open;

fn sampled(minimizer: &mut Minimizer<'_>, free: &Case) -> Option<Best> {
    let plan = Rc::new(Plan::new(free));
    let mut portfolio = Portfolio::new(0);
    let mut case = free.clone();
    for run in 0..SAMPLED {
        if minimizer.is_exhausted() {
            break;
        }
        case.schedule.strategy = portfolio.next(0, run);
        let run = minimizer.runner.run(&plan, minimizer.revision, case.schedule.strategy);
        minimizer.count_runs(1, u64::from(run.steps));
        if minimizer.is_same(&case, &run) {
            return minimizer.by_names(&case);
        }
    }
    None
}
