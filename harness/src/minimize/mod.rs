//! Minimising: the smallest case that still fails in the same way.
//!
//! A candidate counts only if it fails with the same signature. The measure is [`size`]. The schedule is
//! first written down by names ([`segments`]), then two kinds of passes alternate until neither finds
//! anything: `shrink` makes the case smaller, [`segments`] makes the schedule shorter. When a smaller
//! case no longer fails under the schedule at hand, other schedules are searched for it. Every pass tries
//! its candidates in a fixed order, and the schedules that are searched have fixed seeds, so minimising is
//! deterministic; it is not guaranteed to find the global minimum.

pub mod segments;
mod shrink;

use crate::case::check::check;
use crate::case::{Case, Signature, Strategy, limit};
use crate::run::plan::Plan;
use crate::run::{Outcome, Runner};
use crate::schedule::portfolio::Portfolio;
use mmreap::revision::Revision;
use std::rc::Rc;

/// Schedules that are searched for a smaller case before it is given up: enough to find again, with 99 %
/// probability, what fails once in fifty runs.
const SEARCH: u64 = 230;

/// Runs after which a minimisation stops where it is.
const RUNS: u64 = 60_000;

/// Minimises one failure.
pub struct Minimizer<'a> {
    runner: &'a mut Runner,
    revision: &'static Revision,
    signature: Signature,
    /// Runs so far.
    runs: u64,
    progress: &'a mut dyn FnMut(u64),
}

/// The order of cases: fewer processes, then faults, then operations and what they work on, then schedule
/// segments (each is at most one preemption), then numbers.
///
/// 1. A process is a column of the diagram; nothing helps a reader more than one less.
/// 2. A fault is something that has to be believed.
/// 3. Operations and mappings are lines of the story.
/// 4. Segments are its turns.
/// 5. Smaller numbers are easier to hold in the head.
pub fn size(case: &Case) -> [u64; 5] {
    let sum =
        |f: fn(&crate::case::Process) -> usize| case.processes.iter().map(f).sum::<usize>() as u64;
    let parts = sum(|p| p.vmas.len() + p.contexts.len() + p.threads.len());
    let operations = sum(|p| p.threads.iter().map(|t| t.operations.len()).sum());
    let segments = case.schedule.segments.len() as u64;
    [
        case.processes.len() as u64,
        case.faults.len() as u64,
        operations + parts,
        segments,
        shrink::numbers(case),
    ]
}

/// The smallest case found that fails with the signature, its schedule written by names.
///
/// `None` if the case, run as it stands, does not fail that way. `progress` hears the number of runs.
pub fn minimize(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    signature: &Signature,
    progress: &mut dyn FnMut(u64),
) -> Option<Case> {
    let mut minimizer =
        Minimizer { runner, revision, signature: signature.clone(), runs: 0, progress };
    let mut best = minimizer.start(case)?;
    loop {
        let before = best.clone();
        shrink::pass(&mut minimizer, &mut best);
        segments::shorten(&mut minimizer, &mut best);
        if best == before || minimizer.is_exhausted() {
            return Some(best);
        }
    }
}

impl Minimizer<'_> {
    /// Runs a case as it stands: its outcome, if it fails with the signature.
    fn reproduces(&mut self, case: &Case) -> Option<Outcome> {
        self.runs += 1;
        (self.progress)(self.runs);
        let outcome = self.runner.run_case(case, self.revision);
        let same = outcome.failure.as_ref().is_some_and(|f| f.signature == self.signature);
        same.then_some(outcome)
    }

    /// The case itself if its schedule is written by names already, so that minimising what is minimal
    /// changes nothing.
    fn start(&mut self, case: &Case) -> Option<Case> {
        let named = case.schedule.strategy == Strategy::InOrder;
        if named && self.reproduces(case).is_some() {
            return Some(case.clone());
        }
        self.by_names(case)
    }

    /// The case with its schedule written by names, if it fails that way, too.
    fn by_names(&mut self, case: &Case) -> Option<Case> {
        self.runs += 1;
        let (outcome, decisions) = self.runner.record(case, self.revision);
        outcome.failure.filter(|failure| failure.signature == self.signature)?;
        let mut named = case.clone();
        named.schedule.strategy = Strategy::InOrder;
        named.schedule.segments = segments::from_decisions(&decisions);
        self.reproduces(&named)?;
        segments::shorten(self, &mut named);
        Some(named)
    }

    /// A smaller case that fails: under the schedule at hand, or else under another one.
    fn accept(&mut self, best: &mut Case, candidate: Case) -> bool {
        if self.is_exhausted() || check(&candidate).is_err() || size(&candidate) >= size(best) {
            return false;
        }
        if self.reproduces(&candidate).is_some() {
            *best = candidate;
            return true;
        }
        match self.search(&candidate) {
            Some(found) if size(&found) < size(best) => {
                *best = found;
                true
            }
            _ => false,
        }
    }

    fn search(&mut self, candidate: &Case) -> Option<Case> {
        let mut free = candidate.clone();
        free.schedule.segments.clear();
        let plan = Rc::new(Plan::new(&free));
        let mut portfolio = Portfolio::new(0);
        for run in 0..SEARCH {
            let strategy = portfolio.next(0, run);
            self.runs += 1;
            let outcome = self.runner.run(&plan, self.revision, strategy);
            if outcome.failure.is_some_and(|f| f.signature == self.signature) {
                free.schedule.strategy = strategy;
                return self.by_names(&free);
            }
            (self.progress)(self.runs);
        }
        None
    }

    fn is_exhausted(&self) -> bool {
        self.runs > RUNS
    }
}

/// Whether a case is small enough to be written to a file: long schedules are cut off only by
/// minimising.
pub fn fits(case: &Case) -> bool {
    case.schedule.segments.len() <= limit::SEGMENTS
}
