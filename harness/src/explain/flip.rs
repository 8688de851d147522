//! The one order that breaks the run: two steps in conflict which, the other way round, make it pass.
//!
//! The run is repeated as it was up to the first of the two steps; there its task is held until the other
//! one has taken its step, and then everything goes on in the old order. That order is written as `run` lines, so
//! that who takes more steps than before, or fewer, still stops at the same places, and nobody's turn moves because
//! of it. What is reported was seen to pass, and in no run that fails under other schedules was it the order. Many
//! orders may do: told is the one nearest to the failure between two steps of the diagram, if possible one about what
//! the tasks agree by (flags, counts, locks) and not about the object that suffered, because that a use would be
//! fine before the free says nothing.

use super::diagram::Diagram;
use super::named::{Named, Step, follow};
use super::sample;
use crate::oracle::Failure;
use crate::run::Runner;
use crate::schedule::ops_conflict;
use mmreap::mm::MmFlag;
use mmreap::revision::Revision;
use mmreap::sync::bits::Flag;
use mmreap::sync::point::{Access, Op};
use mmreap::sync::primitive::is_agreement;
use mmreap::sync::thread::Tid;
use mmreap::trace::noun::MM_COUNT;
use mmreap::trace::{Event, Kind};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The oracles whose failures are about references on the address space itself.
const COUNTED: [&str; 2] = ["O-MM-UAF", "O-DOUBLE"];

/// Runs that are spent on the search, at most. Most searches end within ten.
const RUNS: usize = 400;

/// Runs that fail under other schedules, at most, to which an order is held.
const FAILING: usize = 20;

/// Decisions of the longest run that is searched; the runs of failures have some hundreds. Where one goes round and
/// round for ever, no two steps decide.
const LONGEST: usize = 5_000;

/// One of the two steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RacingStep {
    /// Whose step.
    pub task: String,
    /// In which function of the kernel.
    pub function: String,
    /// What it does.
    pub operation: String,
}

/// An order of two steps that decides the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// The step that came first, and the run failed.
    pub first: RacingStep,
    /// The step that came second. When it came first, the run passed.
    pub second: RacingStep,
}

impl Flip {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let words =
            |step: &RacingStep| format!("{}'s {} in {}", step.task, step.operation, step.function);
        format!("Passes if {} comes before {}.", words(&self.second), words(&self.first))
    }
}

/// Finds the order of a failing run. `diagram` is the drawing of that run.
pub(super) fn find(
    runner: &mut Runner,
    named: &Named<'_>,
    revision: &'static Revision,
    failure: &Failure,
    diagram: &Diagram,
) -> Option<Flip> {
    if named.steps.len() > LONGEST {
        return None;
    }
    let failing = failing(runner, named, revision, failure);
    let decides = |&(first, second): &(usize, usize)| {
        let turned = follow(runner, &named.under(&turned(&named.steps, (first, second))), revision);
        let steps = [&named.steps[second], &named.steps[first]];
        turned.passes()
            && is_turned(&named.steps, &turned.steps, (first, second))
            && !failing.iter().any(|log| is_in_order(log, steps))
    };
    let pairs = ranked(&named.steps, failure, diagram);
    let (first, second) = pairs.into_iter().take(RUNS).find(decides)?;
    let racing = |index: usize| racing(named, &named.steps[index]);
    Some(Flip { first: racing(first), second: racing(second) })
}

fn racing(named: &Named<'_>, step: &Step) -> RacingStep {
    RacingStep {
        task: named.name(step.thread),
        function: step.op.site.function().to_string(),
        operation: super::words::operation(step.op.site),
    }
}

/// Pairs of steps in conflict, the most telling one first.
fn ranked(steps: &[Step], failure: &Failure, diagram: &Diagram) -> Vec<(usize, usize)> {
    let about = |index: usize| is_about(&steps[index].op, failure);
    let shown: BTreeSet<usize> = diagram.rows.iter().map(|row| row.step as usize).collect();
    // The first decision makes step 1.
    let is_shown = |index: usize| shown.contains(&(index + 1));
    let mut pairs = conflicts(steps);
    pairs.retain(|&(first, second)| about(first) && about(second));
    pairs.sort_by_key(|&(first, second)| {
        let hidden = !is_shown(first) || !is_shown(second);
        let on_object = steps[first].op.object == failure.object && !by_agreement(&steps[first].op);
        (hidden, on_object, Reverse(first), second)
    });
    pairs
}

/// Whether it is about an address space or the kind of object that suffered, and not about the machine.
fn is_about(op: &Op, failure: &Failure) -> bool {
    let Kind::Mm = op.object.kind else { return is_kin(op.object.kind, failure) };
    // Whoever works on an address space holds it; only where that went wrong it tells something.
    op.site.noun() != MM_COUNT || COUNTED.contains(&&*failure.signature.oracle)
}

/// Whether objects of a kind are part of an address space, or what suffered.
fn is_kin(kind: Kind, failure: &Failure) -> bool {
    let suffers = kind == failure.object.kind || kind.name() == failure.signature.object;
    matches!(kind, Kind::Vma | Kind::PageTable) || suffers
}

/// Whether it is about something that tasks tell each other by.
fn by_agreement(op: &Op) -> bool {
    let is_flag = MmFlag::ALL.iter().any(|flag| flag.name() == op.site.noun());
    is_flag || is_agreement(op.site.verb())
}

/// For each step, the last step before it of each other task that is in conflict with it.
fn conflicts(steps: &[Step]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (second, late) in steps.iter().enumerate().filter(|(_, step)| acts(step)) {
        let mut seen: Vec<Tid> = vec![late.thread];
        for (first, early) in steps[..second].iter().enumerate().rev() {
            if acts(early) && !seen.contains(&early.thread) && ops_conflict(&early.op, &late.op) {
                seen.push(early.thread);
                pairs.push((first, second));
            }
        }
    }
    pairs
}

fn acts(step: &Step) -> bool {
    step.thread != Tid::CLOCK && step.op.access != Access::Start
}

/// What happened in runs that fail in the same way under other schedules.
fn failing(
    runner: &mut Runner,
    named: &Named<'_>,
    revision: &'static Revision,
    failure: &Failure,
) -> Vec<Vec<Event>> {
    let mut failing = Vec::new();
    sample::each(runner, named.case, revision, &failure.signature, |w, is_same| {
        failing.extend(is_same.then(|| w.log.to_vec()));
        failing.len() == FAILING
    });
    failing
}

/// Whether all that is done like the first step came before all that is done like the second.
fn is_in_order(log: &[Event], [first, second]: [&Step; 2]) -> bool {
    let is = |event: &Event, step: &Step| {
        event.thread == step.thread && event.object == step.op.object && event.site == step.op.site
    };
    let last = log.iter().rposition(|event| is(event, first));
    let begin = log.iter().position(|event| is(event, second));
    last.zip(begin).is_some_and(|(last, begin)| last < begin)
}

/// The order in which the task of the first step waits for the second one.
fn turned(steps: &[Step], (first, second): (usize, usize)) -> Vec<Step> {
    let is_held = |step: &&Step| step.thread == steps[first].thread;
    let between = || steps[first..=second].iter();
    let (before, after) = (steps[..first].iter(), steps[second + 1..].iter());
    let (others, held) = (between().filter(|step| !is_held(step)), between().filter(is_held));
    before.chain(others).chain(held).chain(after).copied().collect()
}

/// Whether the second step of a pair came before the first in another run, which is the same up to there.
fn is_turned(steps: &[Step], other: &[Step], (first, second): (usize, usize)) -> bool {
    let Step { thread, op, .. } = steps[second];
    let is_second = |step: &&Step| {
        step.thread == thread && step.op.object == op.object && step.op.site == op.site
    };
    let nth = steps[first..=second].iter().filter(is_second).count();
    let is_first = |step: &&Step| step.thread == steps[first].thread;
    let ahead = other.iter().skip(first).take_while(|step| !is_first(step));
    ahead.filter(is_second).count() >= nth
}
