//! Running a case: one case, one revision, one schedule, from boot to the end.
//!
//! [`plan`] resolves a case once, so that it can be run many times; `boot` creates the machine;
//! `perform` executes operations. What happened stays in the world of this OS thread until the next
//! run begins, and is judged there.

pub mod accident;
mod boot;
mod cast;
pub mod news;
pub mod own;
mod perform;
pub mod plan;

pub use cast::Absent;

use crate::case::{Case, Strategy};
use crate::oracle::{self, Failure};
use crate::schedule::follow::{Decision, Divergences, Follow};
use crate::schedule::pilot::{Estimates, PILOT, Pilot};
use crate::schedule::watch::{Notes, Step, Watched};
use crate::schedule::{Shared, strategy};
use accident::{Accident, guarded};
use mmreap::revision::Revision;
use mmreap::sync::engine::{Choose, Engine};
use mmreap::sync::point::ExtraPoints;
use mmreap::world::{End, world};
use plan::Plan;
use std::cell::RefCell;
use std::rc::Rc;

/// Runs cases, one after the other.
pub struct Runner {
    engine: Engine,
    notes: Option<Notes>,
    extra_points: ExtraPoints,
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
    pub divergences: Divergences,
    /// Pages that the case declares and the machine does not have.
    pub absent: Vec<Absent>,
}

impl Runner {
    /// A runner that has not run anything.
    pub fn new() -> Self {
        Runner { engine: Engine::new(), notes: None, extra_points: ExtraPoints::None }
    }

    /// A runner that gives the scheduler more choices than the protocol does: what a case comes to under it
    /// says whether its schedule survives changes of the code.
    pub fn with_extra_points(extra_points: ExtraPoints) -> Self {
        Runner { extra_points, ..Runner::new() }
    }

    /// A runner that also notes the steps of each [`Runner::run`], for coverage.
    pub fn watching() -> Self {
        Runner { notes: Some(Notes::default()), ..Runner::new() }
    }

    /// The steps of the latest run; none if nobody [watches](Runner::watching).
    pub fn steps(&self) -> &[Step] {
        self.notes.as_ref().map_or(&[], Notes::steps)
    }

    /// Runs a case as it stands.
    pub fn run_case(&mut self, case: &Case, revision: &'static Revision) -> Outcome {
        self.run(&Rc::new(Plan::new(case)), revision, case.schedule.strategy)
    }

    /// Runs a resolved case with a strategy for what its segments leave open. If the strategy wants to know
    /// what the pilot saw, and there was none, that is run before.
    pub fn run(&mut self, plan: &Rc<Plan>, revision: &'static Revision, rest: Strategy) -> Outcome {
        if rest == PILOT && known(plan, revision).is_none() {
            return self.pilot(plan, revision);
        }
        let rest = self.scheduler(plan, revision, rest);
        self.run_with(plan, revision, rest)
    }

    /// Runs a resolved case with any scheduler for what its segments leave open.
    pub fn run_with(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        rest: Box<dyn Choose>,
    ) -> Outcome {
        let follow = Follow::new(plan.segments.clone(), rest);
        let Some(mut notes) = self.notes.take() else {
            return outcome(self.execute(plan, revision, follow));
        };
        notes.clear();
        let (watched, ended) = self.execute(plan, revision, Watched { inner: follow, notes });
        self.notes = Some(watched.notes);
        outcome((watched.inner, ended))
    }

    /// Runs a case as it stands, and records every decision.
    pub fn record(&mut self, case: &Case, revision: &'static Revision) -> (Outcome, Vec<Decision>) {
        let plan = Rc::new(Plan::new(case));
        let rest = self.scheduler(&plan, revision, case.schedule.strategy);
        let recording = Follow::recording(plan.segments.clone(), rest);
        recorded(self.execute(&plan, revision, recording))
    }

    /// Runs a resolved case under a scheduler that is none of the strategies, and records every decision.
    pub fn record_under(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        scheduler: Box<dyn Choose>,
    ) -> (Outcome, Vec<Decision>) {
        recorded(self.execute(plan, revision, Follow::recording(Vec::new(), scheduler)))
    }

    fn scheduler(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        rest: Strategy,
    ) -> Box<dyn Choose> {
        strategy(rest, || {
            known(plan, revision).unwrap_or_else(|| {
                self.pilot(plan, revision);
                known(plan, revision).expect("the pilot ran")
            })
        })
    }

    /// The run that others are estimated by.
    fn pilot(&mut self, plan: &Rc<Plan>, revision: &'static Revision) -> Outcome {
        let pilot = Rc::new(RefCell::new(Pilot::new()));
        let outcome = self.run_with(plan, revision, Box::new(Shared(pilot.clone())));
        let estimates = Rc::new(pilot.borrow().estimates());
        plan.pilot.replace(Some((revision.name, estimates)));
        outcome
    }

    /// Runs the case, and gives the scheduler back, with the accident that ended the run, if one did.
    fn execute<C: Choose + 'static>(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        choose: C,
    ) -> (C, Result<(), Accident>) {
        let choose = Rc::new(RefCell::new(choose));
        world(|w| {
            w.reset(revision);
            w.extra_points = self.extra_points;
        });
        cast::prepare(plan.clone());
        let ended = guarded(|| self.engine.run(choose.clone(), boot::main));
        (Rc::into_inner(choose).expect("the engine is done with it").into_inner(), ended)
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

/// What the pilot of the plan saw on the revision.
fn known(plan: &Plan, revision: &Revision) -> Option<Rc<Estimates>> {
    let pilot = plan.pilot.borrow();
    pilot.as_ref().filter(|pilot| pilot.0 == revision.name).map(|pilot| pilot.1.clone())
}

/// What a run came to, and its decisions.
fn recorded((mut follow, ended): (Follow, Result<(), Accident>)) -> (Outcome, Vec<Decision>) {
    let decisions = follow.take_decisions();
    (outcome((follow, ended)), decisions)
}

fn outcome((follow, ended): (Follow, Result<(), Accident>)) -> Outcome {
    let judged = ended.and_then(|()| guarded(|| world(|w| oracle::judge(w))));
    world(|w| Outcome {
        failure: judged.unwrap_or_else(|accident| Some(own::failure(&accident))),
        end: w.end.unwrap_or(End::Broken),
        steps: w.step,
        divergences: follow.divergences(),
        absent: cast::cast(|cast| cast.absent.clone()),
    })
}
