//! The failing run, written by names, so that other runs can follow it.
//!
//! A seed chooses among those who can run, one choice after the other. On another revision, or with two steps the
//! other way round, there is one choice more or less, and from then on the same seed deals another run; that it
//! passes says nothing. So before anything is compared, the steps of the failing run are written as `run` lines
//! that leave nothing open. If the run cannot be written so, nothing is said of other runs.

use crate::case::{Case, Schedule, Segment, Signature};
use crate::run::plan::Plan;
use crate::run::{Run, Runner};
use crate::schedule::Shared;
use crate::schedule::follow::{Decision, Follow, operations};
use crate::schedule::in_order::IN_ORDER;
use crate::schedule::in_order::InOrder;
use crate::schedule::segments::by_names;
use mmreap::revision::Revision;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::Op;
use mmreap::sync::thread::Tid;
use mmreap::trace::Site;
use mmreap::world::End;
use std::cell::RefCell;
use std::rc::Rc;

/// A step of a run.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Whose.
    pub thread: Tid,
    /// What it did.
    pub op: Op,
    /// Which of the thread's operations that was.
    operation: u32,
    /// What the thread could do next.
    next: Option<Site>,
}

/// A failing run.
pub(super) struct Named<'a> {
    /// Its case.
    pub case: &'a Case,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The names of its threads.
    names: Vec<String>,
}

impl<'a> Named<'a> {
    /// The run of a case. `None` if the case does not fail in the same way when that run is written by names.
    pub fn of(
        runner: &mut Runner,
        case: &'a Case,
        revision: &'static Revision,
        signature: &Signature,
    ) -> Option<Self> {
        let lines = with_lines(case, runner.record(case, revision).segments());
        let Followed { steps, run } = follow(runner, &lines, revision);
        let threads = run.world().threads().iter();
        let names = threads.map(|thread| thread.name.clone()).collect();
        let same = run.failure.is_some_and(|failure| failure.signature == *signature);
        same.then_some(Named { case, steps, names })
    }

    /// The name of a thread.
    pub fn name(&self, thread: Tid) -> String {
        self.names[thread.index()].clone()
    }

    /// The steps at places that exist. A turn that ended before one that does not goes on to the next that does.
    pub fn at_places(&self, exists: impl Fn(Site) -> bool) -> Vec<Step> {
        // What each thread does later, and whether it does something else before.
        let mut later = vec![(None, false); self.names.len()];
        let mut kept = Vec::new();
        for step in self.steps.iter().rev() {
            let (site, thread) = (step.op.site, step.thread.index());
            if !exists(site) {
                later[thread].1 = true;
                continue;
            }
            let (next, is_cut) = later[thread];
            let next = if is_cut { next } else { step.next.filter(|&site| exists(site)) };
            kept.push(Step { next, ..*step });
            later[thread] = (Some(site), false);
        }
        kept.reverse();
        kept
    }

    /// The case under another order of these steps, or some of them.
    pub fn under(&self, steps: &[Step]) -> Case {
        let left = std::iter::once(None).chain(steps.iter().map(|step| step.next));
        let decisions = steps.iter().zip(left).map(|(step, left)| Decision {
            thread: step.thread,
            site: step.op.site,
            operation: step.operation,
            left,
            preempts: false,
        });
        let decisions: Vec<Decision> = decisions.collect();
        with_lines(self.case, by_names(&decisions, &|thread| self.name(thread)))
    }
}

fn with_lines(case: &Case, segments: Vec<Segment>) -> Case {
    Case { schedule: Schedule { strategy: IN_ORDER.of(&[]), segments }, ..case.clone() }
}

/// A run that followed `run` lines.
pub(super) struct Followed {
    /// Its steps.
    pub steps: Vec<Step>,
    run: Run,
}

impl Followed {
    /// Whether nothing is wrong with it.
    pub fn passes(&self) -> bool {
        self.run.failure.is_none() && self.run.end != End::StepLimit
    }
}

/// Runs a case that is written by names.
pub(super) fn follow(runner: &mut Runner, case: &Case, revision: &'static Revision) -> Followed {
    let plan = Rc::new(Plan::new(case));
    let follow = Follow::new(plan.segments.clone(), Box::new(InOrder));
    let noted = Rc::new(RefCell::new(Noted { follow, steps: Vec::new() }));
    let run = runner.record_under(&plan, revision, Box::new(Shared(noted.clone())));
    let steps = std::mem::take(&mut noted.borrow_mut().steps);
    Followed { steps, run }
}

/// Follows lines, and notes what happens.
struct Noted {
    follow: Follow,
    steps: Vec<Step>,
}

impl Choose for Noted {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let op = |thread| candidates.iter().find(|c| c.thread == thread).map(|c| c.op);
        if let Some(last) = self.steps.last_mut().filter(|last| Some(last.thread) == current) {
            last.next = op(last.thread).map(|op| op.site);
        }
        let thread = self.follow.choose(candidates, current);
        let operation = operations(thread);
        self.steps.extend(op(thread).map(|op| Step { thread, op, operation, next: None }));
        thread
    }
}
