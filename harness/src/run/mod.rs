//! Running a case: one case, one revision, one schedule, from boot to the end.
//!
//! [`plan`] resolves a case once, so that it can be run many times; [`boot`] creates the machine;
//! [`perform`] executes operations. What happened stays in the world of this OS thread until the next
//! run begins, and is judged there.

mod boot;
mod perform;
pub mod plan;

use crate::case::{Case, Strategy};
use crate::oracle::{self, Failure};
use crate::schedule::follow::{Divergence, Follow};
use crate::schedule::strategy;
use mmreap::revision::Revision;
use mmreap::sync::engine::Engine;
use mmreap::sync::thread::Tid;
use mmreap::world::{End, world};
use plan::Plan;
use std::cell::RefCell;
use std::rc::Rc;

/// Runs cases, one after the other.
pub struct Runner {
    engine: Engine,
    expected_steps: u32,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The failure, if an oracle found one.
    pub failure: Option<Failure>,
    /// How the run ended.
    pub end: End,
    /// Scheduling decisions.
    pub steps: u32,
    /// Segments of the case that could not be followed.
    pub divergences: Vec<Divergence>,
    /// Who was chosen, one for each decision.
    pub chosen: Vec<Tid>,
}

impl Runner {
    /// A runner that has not run anything.
    pub fn new() -> Self {
        Runner { engine: Engine::new(), expected_steps: 200 }
    }

    /// Runs a case as it stands.
    pub fn run_case(&mut self, case: &Case, revision: &'static Revision) -> Outcome {
        self.run(&Rc::new(Plan::new(case)), revision, case.schedule.strategy)
    }

    /// Runs a resolved case with a strategy for what its segments leave open.
    pub fn run(&mut self, plan: &Rc<Plan>, revision: &'static Revision, rest: Strategy) -> Outcome {
        let rest = strategy(rest, self.expected_steps);
        let follow = Rc::new(RefCell::new(Follow::new(plan.segments.clone(), rest)));
        world(|w| w.reset(revision));
        boot::prepare(plan.clone());
        self.engine.run(follow.clone(), boot::main);
        let outcome = outcome(&mut follow.borrow_mut());
        self.expected_steps = (self.expected_steps + outcome.steps) / 2;
        outcome
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

fn outcome(follow: &mut Follow) -> Outcome {
    world(|w| Outcome {
        failure: oracle::judge(w),
        end: w.end.expect("a run ends with a reason"),
        steps: w.step,
        divergences: follow.divergences(),
        chosen: follow.take_chosen(),
    })
}
