//! The one order that breaks the run: two steps in conflict which, the other way round, make it pass.
//!
//! The run is repeated as it was up to the first of the two steps; there its task is held until the other
//! one has taken its step, and then everything goes on in the old order as far as it can. What is reported
//! was seen to pass. Many orders may do: told is the one nearest to the failure between two steps of the
//! diagram, if possible one about what the tasks agree by (flags, counts, locks) and not about the object
//! that suffered, because that a use would be fine before the free says nothing.

use super::diagram::Diagram;
use crate::case::Case;
use crate::oracle::Failure;
use crate::run::Runner;
use crate::run::plan::Plan;
use crate::schedule::in_order::InOrder;
use crate::schedule::{Shared, ops_conflict};
use mmreap::revision::Revision;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::{Access, Op};
use mmreap::sync::thread::Tid;
use mmreap::trace::{Kind, ObjectRef, Site};
use mmreap::world::{End, world};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// The oracles whose failures are about references on the address space itself.
const COUNTED: [&str; 2] = ["O-MM-UAF", "O-DOUBLE"];

/// Runs that are spent on the search, at most. Most searches end within ten.
const RUNS: usize = 400;

/// Decisions of the longest run that is searched; the runs of failures have some hundreds. Where one goes round and
/// round for ever, no two steps decide.
const LONGEST: usize = 5_000;

/// One of the two steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
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
    pub first: Turn,
    /// The step that came second. When it came first, the run passed.
    pub second: Turn,
}

impl Flip {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let words =
            |turn: &Turn| format!("{}'s {} in {}", turn.task, turn.operation, turn.function);
        format!("Passes if {} comes before {}.", words(&self.second), words(&self.first))
    }
}

/// A step of a run.
#[derive(Clone, Copy)]
struct Step {
    thread: Tid,
    op: Op,
}

/// Finds the order of a failing run. `diagram` is the drawing of that run.
pub(super) fn find(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
    failure: &Failure,
    diagram: &Diagram,
) -> Option<Flip> {
    let (_, decisions) = runner.record(case, revision);
    if decisions.len() > LONGEST {
        return None;
    }
    let threads: Vec<Tid> = decisions.iter().map(|decision| decision.thread).collect();
    let mut runs = Runs { runner, plan: Rc::new(Plan::new(case)), revision };
    let steps = runs.steps(threads)?;
    let pairs = ranked(&steps, failure, diagram);
    let (first, second) = pairs.into_iter().take(RUNS).find(|&pair| runs.passes(&steps, pair))?;
    Some(Flip { first: turn(&steps[first]), second: turn(&steps[second]) })
}

fn turn(step: &Step) -> Turn {
    Turn {
        task: world(|w| w.threads()[step.thread.index()].name.clone()),
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
        (hidden, on_object, std::cmp::Reverse(first), second)
    });
    pairs
}

/// Whether it is about an address space or the kind of object that suffered, and not about the machine.
fn is_about(op: &Op, failure: &Failure) -> bool {
    let Kind::Mm = op.object.kind else { return is_kin(op.object.kind, failure) };
    // Whoever works on an address space holds it; only where that went wrong it tells something.
    op.site.noun() != "mm_count" || COUNTED.contains(&&*failure.signature.oracle)
}

/// Whether objects of a kind are part of an address space, or what suffered.
fn is_kin(kind: Kind, failure: &Failure) -> bool {
    let suffers = kind == failure.object.kind || kind.name() == failure.signature.object;
    matches!(kind, Kind::Vma | Kind::PageTable) || suffers
}

/// Whether it is about something that tasks tell each other by.
fn by_agreement(op: &Op) -> bool {
    let verb = op.site.verb();
    op.site.noun().starts_with("MMF_") || verb.starts_with("atomic_") || verb.starts_with("down_")
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

struct Runs<'a> {
    runner: &'a mut Runner,
    plan: Rc<Plan>,
    revision: &'static Revision,
}

impl Runs<'_> {
    /// Runs the order of threads, and says what each of them did; nothing if the run does not fail.
    fn steps(&mut self, threads: Vec<Tid>) -> Option<Vec<Step>> {
        let (steps, failed, _) = self.run(Replay::new(threads, None));
        failed.then_some(steps)
    }

    /// Whether the run passes if the second step of a pair comes before the first.
    fn passes(&mut self, steps: &[Step], (first, second): (usize, usize)) -> bool {
        let threads = steps.iter().map(|step| step.thread).collect();
        let until = Until::new(steps, first, second);
        let (_, failed, held) = self.run(Replay::new(threads, Some(until)));
        !failed && held
    }

    /// What happened, whether it failed, and whether the second step came before the first.
    fn run(&mut self, replay: Replay) -> (Vec<Step>, bool, bool) {
        let replay = Rc::new(RefCell::new(replay));
        let scheduler = Box::new(Shared(replay.clone()));
        let (outcome, _) = self.runner.record_under(&self.plan, self.revision, scheduler);
        let failed = outcome.failure.is_some() || outcome.end == End::StepLimit;
        let mut replay = replay.borrow_mut();
        let flipped = replay.until.as_ref().is_some_and(|until| until.kept && until.missing == 0);
        (std::mem::take(&mut replay.steps), failed, flipped)
    }
}

/// A thread that is held before a step until another thread has taken one.
struct Until {
    /// The place of the step before which it is held.
    at: usize,
    held: Tid,
    other: Tid,
    object: ObjectRef,
    site: Site,
    /// How often the other one still has to do that.
    missing: usize,
    /// Whether it could be held so long.
    kept: bool,
}

impl Until {
    fn new(steps: &[Step], first: usize, second: usize) -> Self {
        let Step { thread: other, op } = steps[second];
        let same = |step: &&Step| {
            step.thread == other && step.op.object == op.object && step.op.site == op.site
        };
        let missing = steps[first..=second].iter().filter(same).count();
        let held = steps[first].thread;
        Until { at: first, held, other, object: op.object, site: op.site, missing, kept: true }
    }

    fn note(&mut self, step: &Step) {
        let Step { thread, op } = step;
        self.kept &= *thread != self.held || self.missing == 0;
        let same = *thread == self.other && op.object == self.object && op.site == self.site;
        self.missing -= usize::from(same && self.missing > 0);
    }
}

/// Runs threads in the order of another run, one of them held for a while.
struct Replay {
    /// What is left of the order, last first.
    order: Vec<Tid>,
    until: Option<Until>,
    steps: Vec<Step>,
}

impl Replay {
    fn new(mut order: Vec<Tid>, until: Option<Until>) -> Self {
        order.reverse();
        Replay { order, until, steps: Vec::new() }
    }

    /// The next thread of the order that can run now and may. Who cannot has had its turn; who may not
    /// keeps it.
    fn next(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let held = self.held();
        let can = |thread: Tid| candidates.iter().any(|candidate| candidate.thread == thread);
        let mut place = self.order.len();
        while place > 0 {
            place -= 1;
            let thread = self.order[place];
            if Some(thread) != held {
                self.order.remove(place);
                if can(thread) {
                    return thread;
                }
            }
        }
        let free: Vec<Candidate> =
            candidates.iter().copied().filter(|c| Some(c.thread) != held).collect();
        let left = if free.is_empty() { candidates } else { &free };
        InOrder.choose(left, current.filter(|&thread| Some(thread) != held))
    }

    /// Who is held now. The other one goes ahead of its turn.
    fn held(&self) -> Option<Tid> {
        let until = self.until.as_ref()?;
        (self.steps.len() >= until.at && until.missing > 0).then_some(until.held)
    }

    /// The thread whose step is waited for, if it can run.
    fn awaited(&self, candidates: &[Candidate]) -> Option<Tid> {
        let other = self.held().and(self.until.as_ref())?.other;
        candidates.iter().map(|c| c.thread).find(|&thread| thread == other)
    }
}

impl Choose for Replay {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let thread = match self.awaited(candidates) {
            Some(other) => {
                let turn = self.order.iter().rposition(|&thread| thread == other);
                turn.map(|turn| self.order.remove(turn));
                other
            }
            None => self.next(candidates, current),
        };
        if let Some(chosen) = candidates.iter().find(|c| c.thread == thread) {
            let step = Step { thread, op: chosen.op };
            if let Some(until) = self.until.as_mut().filter(|u| self.steps.len() >= u.at) {
                until.note(&step);
            }
            self.steps.push(step);
        }
        thread
    }
}
