//! Minimising: the smallest case that still fails in the same way.
//!
//! A candidate counts only if it fails with the same signature and is smaller by the [`Measure`]. The schedule
//! is first written down by names ([`crate::schedule::segments`]), then passes alternate until none finds
//! anything: `shrink` takes parts away, `segments` makes the schedule shorter, and `certificate` tries every
//! schedule with fewer preemptions. When a smaller case no longer fails under the schedule at hand, `search` looks for
//! another one. Every pass tries its candidates in a fixed order and every search has fixed seeds, so
//! minimising is deterministic, and minimising its result changes nothing. That no schedule with fewer
//! preemptions fails is certain where the certificate says so; that no smaller case does is not.
//!
//! What fails in another way on the way is not lost: see [`Small::others`].

mod certificate;
mod measure;
mod search;
mod segments;
mod shrink;

pub use certificate::Certificate;
pub use measure::Measure;

use crate::case::check::check;
use crate::case::mutate::rename_process;
use crate::case::{Case, ProcessKind, Signature, Time, limit};
use crate::deadline::Deadline;
use crate::prove::Others;
use crate::run::{Run, Runner};
use crate::schedule::follow::Decision;
use crate::schedule::in_order::IN_ORDER;
use mmreap::revision::Revision;
use serde::Serialize;
use std::collections::BTreeSet;

/// What minimising may cost. Whichever is used up first, it stops between two runs, and what it has come to by
/// then is as good as it gets: a case that fails in the same way, though a smaller one may exist.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// Runs.
    pub runs: u64,
    /// Scheduling decisions of all runs. Most failures are minimised with a thirtieth of them; runs that do not
    /// come to an end by themselves use up tens of thousands each.
    pub steps: u64,
    /// When it is over in any case.
    pub deadline: Deadline<'a>,
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Budget { runs: 200_000, steps: 100_000_000, deadline: Deadline::default() }
    }
}

/// What became of a failing case.
#[derive(Clone, Debug)]
pub struct Small {
    /// The smallest case found, its schedule written by names, the certificate among its notes.
    pub case: Case,
    /// Its size.
    pub measure: Measure,
    /// What is known of schedules with fewer preemptions.
    pub certificate: Certificate,
    /// Candidates that failed in other ways: a case for each signature.
    pub others: Others,
    /// What each pass that ran anything did, in the order of their first turns.
    pub tallies: Vec<Tally>,
    /// Whether the budget was used up, so that a smaller case may be near.
    pub is_cut_short: bool,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The pass.
    pub pass: &'static str,
    /// Candidates tried.
    pub tried: u64,
    /// Candidates that were smaller and failed in the same way.
    pub kept: u64,
    /// Runs.
    pub runs: u64,
}

/// Minimises one failure.
pub struct Minimizer<'a> {
    runner: &'a mut Runner,
    revision: &'static Revision,
    signature: Signature,
    budget: Budget<'a>,
    /// Runs so far, and their decisions.
    runs: u64,
    steps: u64,
    others: Others,
    tallies: Vec<Tally>,
    /// The pass that has the turn, by its place among the tallies.
    current: usize,
    /// Cases, without their schedules, for which no schedule was found.
    hopeless: BTreeSet<String>,
    progress: &'a mut dyn FnMut(u64),
}

/// A case that fails in the wanted way, and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    case: Case,
    measure: Measure,
}

/// The smallest case found that fails with the signature.
///
/// `None` if the case, run as it stands, does not fail that way, or if the budget does not suffice to see that.
/// `progress` hears the number of runs.
pub fn minimize(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    signature: &Signature,
    budget: &Budget<'_>,
    progress: &mut dyn FnMut(u64),
) -> Option<Small> {
    let mut minimizer = Minimizer::new(runner, revision, signature, budget, progress);
    let mut best = minimizer.start(case)?;
    let certificate = loop {
        minimizer.settle(&mut best);
        minimizer.detour(&mut best);
        if let Some(certificate) = certificate::certify(&mut minimizer, &mut best) {
            break certificate;
        }
    };
    certificate.note(&mut best.case);
    let is_cut_short = minimizer.is_exhausted();
    let Best { case, measure } = best;
    let Minimizer { others, mut tallies, .. } = minimizer;
    tallies.retain(|tally| tally.runs > 0);
    Some(Small { case, measure, certificate, others, tallies, is_cut_short })
}

/// What certifying a case as it stands came to.
#[derive(Clone, Debug)]
pub enum Certified {
    /// What its note should say.
    Note(Certificate),
    /// The case under a schedule with fewer preemptions, and how many those are.
    Fewer(Box<Case>, usize),
}

/// Certifies a case as it stands. `None` if it does not fail with the signature.
pub fn certify(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    signature: &Signature,
) -> Option<Certified> {
    let (budget, progress) = (Budget::default(), &mut |_| ());
    let mut minimizer = Minimizer::new(runner, revision, signature, &budget, progress);
    minimizer.turn("names");
    let (mut best, _) = minimizer.reproduces(case)?;
    Some(match certificate::certify(&mut minimizer, &mut best) {
        Some(certificate) => Certified::Note(certificate),
        None => Certified::Fewer(Box::new(best.case), best.measure.preemptions),
    })
}

/// The size of a case under its own schedule.
pub fn measure(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Measure {
    measured(case, &runner.record(case, revision))
}

fn measured(case: &Case, run: &Run) -> Measure {
    let open = run.divergences.lenient.len() + run.divergences.strict.len();
    Measure { open, ..Measure::of(case, preemptions(&run.decisions)) }
}

fn preemptions(decisions: &[Decision]) -> usize {
    decisions.iter().filter(|decision| decision.preempts).count()
}

impl Budget<'_> {
    fn is_exhausted(&self, runs: u64, steps: u64) -> bool {
        runs >= self.runs || steps >= self.steps || self.deadline.is_over()
    }
}

impl<'a> Minimizer<'a> {
    fn new(
        runner: &'a mut Runner,
        revision: &'static Revision,
        signature: &Signature,
        budget: &Budget<'a>,
        progress: &'a mut dyn FnMut(u64),
    ) -> Self {
        Minimizer {
            runner,
            revision,
            signature: signature.clone(),
            budget: *budget,
            runs: 0,
            steps: 0,
            others: Others::new(),
            tallies: Vec::new(),
            current: 0,
            hopeless: BTreeSet::new(),
            progress,
        }
    }
}

impl Minimizer<'_> {
    /// Passes until none finds anything.
    fn settle(&mut self, best: &mut Best) {
        loop {
            let before = best.measure;
            shrink::pass(self, best);
            segments::shorten(self, best);
            if best.measure == before || self.is_exhausted() {
                return;
            }
        }
    }

    /// Goes by way of other cases to ones with fewer parts, until none leads there.
    fn detour(&mut self, best: &mut Best) {
        while let Some(found) = detours(&best.case).iter().find_map(|it| self.by_way_of(it, best)) {
            *best = found;
        }
    }

    /// What another case that fails leads to, if that has fewer parts, and needs no more turns.
    fn by_way_of(&mut self, other: &Case, best: &Best) -> Option<Best> {
        self.turn("detours");
        if self.is_exhausted() {
            return None;
        }
        let (mut trial, _) = self.reproduces(other)?;
        shrink::pass(self, &mut trial);
        if trial.measure.shape() >= best.measure.shape() {
            return None;
        }
        self.settle(&mut trial);
        (trial.measure.preemptions <= best.measure.preemptions).then_some(trial)
    }

    /// Runs a case as it stands, if it fails with the signature.
    fn reproduces(&mut self, case: &Case) -> Option<(Best, Run)> {
        if self.is_exhausted() {
            return None;
        }
        let run = self.runner.record(case, self.revision);
        self.count_runs(1, u64::from(run.steps));
        self.is_same(case, &run)
            .then(|| (Best { case: case.clone(), measure: measured(case, &run) }, run))
    }

    /// Whether a run failed with the signature. If it failed otherwise, it is kept for others to look at.
    fn is_same(&mut self, case: &Case, run: &Run) -> bool {
        let Some(failure) = &run.failure else { return false };
        if failure.signature != self.signature {
            let first = self.others.entry(failure.signature.clone());
            first.or_insert_with(|| (case.clone(), failure.clone()));
        }
        failure.signature == self.signature
    }

    /// The case itself if its schedule is written by names already, so that minimising what is minimal
    /// changes nothing.
    fn start(&mut self, case: &Case) -> Option<Best> {
        self.turn("names");
        if case.schedule.strategy == IN_ORDER.of(&[])
            && let Some((best, _)) = self.reproduces(case)
        {
            return Some(best);
        }
        self.by_names(case)
    }

    /// The case with its schedule written by names, if it fails that way, too.
    fn by_names(&mut self, case: &Case) -> Option<Best> {
        let mut best = self.spelled(case)?;
        segments::drop_chunks(self, &mut best);
        Some(best)
    }

    /// The case with every turn of its run written by names, if it fails that way, too.
    fn spelled(&mut self, case: &Case) -> Option<Best> {
        let (_, run) = self.reproduces(case)?;
        let mut named = case.clone();
        named.schedule.strategy = IN_ORDER.of(&[]);
        named.schedule.segments = run.segments();
        Some(self.reproduces(&named)?.0)
    }

    /// Takes a smaller case that fails under the schedule at hand.
    fn replay(&mut self, best: &mut Best, candidate: &Case) -> bool {
        self.tally().tried += 1;
        let smaller = self.reproduces(candidate).filter(|(found, _)| found.measure < best.measure);
        self.take(best, smaller.map(|(found, _)| found))
    }

    /// Takes a smaller case that fails: under the schedule at hand, or else under another one.
    fn accept(&mut self, best: &mut Best, candidate: &Case) -> bool {
        let least = Measure::of(candidate, 0);
        if self.is_exhausted() || least >= best.measure || check(candidate).is_err() {
            return false;
        }
        if self.replay(best, candidate) {
            return true;
        }
        let found = search::search(self, candidate, least.shape() < best.measure.shape());
        self.take(best, found.filter(|found| found.measure < best.measure))
    }

    fn take(&mut self, best: &mut Best, found: Option<Best>) -> bool {
        let is_some = found.is_some();
        self.tally().kept += u64::from(is_some);
        *best = found.unwrap_or_else(|| best.clone());
        is_some
    }

    /// What follows is counted for this pass.
    fn turn(&mut self, pass: &'static str) {
        let known = self.tallies.iter().position(|tally| tally.pass == pass);
        self.current = known.unwrap_or_else(|| {
            self.tallies.push(Tally { pass, tried: 0, kept: 0, runs: 0 });
            self.tallies.len() - 1
        });
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tallies[self.current]
    }

    fn count_runs(&mut self, runs: u64, steps: u64) {
        self.runs += runs;
        self.steps += steps;
        self.tally().runs += runs;
        (self.progress)(self.runs);
    }

    fn is_exhausted(&self) -> bool {
        self.budget.is_exhausted(self.runs, self.steps)
    }
}

/// The same with timers that may fire at any time, so that nobody has to spend the time that passes; and with a
/// process for each kernel thread, because a process can be a victim, too.
fn detours(case: &Case) -> Vec<Case> {
    let mut any = case.clone();
    any.machine.time = Time::Any;
    let kernel =
        (0..case.processes.len()).filter(|&p| case.processes[p].kind == ProcessKind::Kernel);
    let killable = kernel.map(|p| {
        let mut killable = case.clone();
        killable.processes[p].kind = ProcessKind::User;
        rename_process(&mut killable, p, "p");
        killable
    });
    let others = std::iter::once(any).chain(killable);
    others.filter(|other| other != case && check(other).is_ok()).collect()
}

/// Whether a case is small enough to be written to a file: long schedules are cut off only by
/// minimising.
pub fn fits(case: &Case) -> bool {
    case.schedule.segments.len() <= limit::SEGMENTS
}
