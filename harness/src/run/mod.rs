//! Running a case: one case, one revision, one schedule, from boot to the end.
//!
//! [`plan`] resolves a case once, so that it can be run many times; `boot` creates the machine;
//! `perform` executes operations. What comes of it is a [`Run`], which has the world in which it happened.

pub mod accident;
mod assignment;
mod boot;
mod finished;
pub mod news;
pub mod own;
mod perform;
pub mod plan;
mod pool;

pub use assignment::Absent;
pub use finished::Run;

use crate::case::{Case, Strategy};
use crate::oracle;
use crate::schedule::Shared;
use crate::schedule::follow::Follow;
use crate::schedule::pilot::{PILOT, Pilot};
use crate::schedule::watch::Watched;
use accident::{Accident, guarded};
use mmreap::revision::Revision;
use mmreap::sync::engine::{Choose, Engine};
use mmreap::sync::point::ExtraPoints;
use mmreap::world::{End, World};
use plan::{Piloted, Plan};
use pool::{Lent, Pool};
use std::cell::RefCell;
use std::rc::Rc;

/// Runs cases, one after the other.
pub struct Runner {
    engine: Engine,
    pool: Pool,
    watches: bool,
    extra_points: ExtraPoints,
}

impl Runner {
    /// A runner that has not run anything.
    pub fn new() -> Self {
        let (engine, pool) = (Engine::new(), Pool::default());
        Runner { engine, pool, watches: false, extra_points: ExtraPoints::None }
    }

    /// A runner that gives the scheduler more choices than the protocol does: what a case comes to under it
    /// says whether its schedule survives changes of the code.
    pub fn with_extra_points(extra_points: ExtraPoints) -> Self {
        Runner { extra_points, ..Runner::new() }
    }

    /// A runner that also notes the steps of each [`Runner::run`], for coverage.
    pub fn watching() -> Self {
        Runner { watches: true, ..Runner::new() }
    }

    /// Runs a case as it stands.
    pub fn run_case(&mut self, case: &Case, revision: &'static Revision) -> Run {
        self.run(&Rc::new(Plan::new(case)), revision, case.schedule.strategy)
    }

    /// Runs a resolved case with a strategy for what its segments leave open. If the strategy wants to know
    /// what the pilot saw, and there was none, that is run before.
    pub fn run(&mut self, plan: &Rc<Plan>, revision: &'static Revision, rest: Strategy) -> Run {
        if rest == PILOT && !is_known(plan, revision) {
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
    ) -> Run {
        let follow = Follow::new(plan.segments.clone(), rest);
        if !self.watches {
            return self.run_unwatched(plan, revision, follow);
        }
        let mut lent = self.pool.lend();
        let notes = std::mem::take(&mut lent.parts_mut().notes);
        let watched = Watched { inner: follow, notes };
        let (watched, ended) = self.execute(&mut lent, plan, revision, watched);
        lent.parts_mut().notes = watched.notes;
        finished(lent, (watched.inner, ended))
    }

    /// Runs a case as it stands, and records every decision.
    pub fn record(&mut self, case: &Case, revision: &'static Revision) -> Run {
        let plan = Rc::new(Plan::new(case));
        let rest = self.scheduler(&plan, revision, case.schedule.strategy);
        let recording = Follow::recording(plan.segments.clone(), rest);
        self.run_unwatched(&plan, revision, recording)
    }

    /// Runs a resolved case under a scheduler that is none of the strategies, and records every decision.
    pub fn record_under(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        scheduler: Box<dyn Choose>,
    ) -> Run {
        self.run_unwatched(plan, revision, Follow::recording(Vec::new(), scheduler))
    }

    fn scheduler(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        rest: Strategy,
    ) -> Box<dyn Choose> {
        rest.scheduler(&mut || {
            if !is_known(plan, revision) {
                self.pilot(plan, revision);
            }
            let pilot = plan.pilot.borrow();
            pilot.as_ref().expect("the pilot ran").pilot.borrow().estimates()
        })
    }

    /// The run that others are estimated by.
    fn pilot(&mut self, plan: &Rc<Plan>, revision: &'static Revision) -> Run {
        let pilot = Rc::new(RefCell::new(Pilot::new()));
        let run = self.run_with(plan, revision, Box::new(Shared(pilot.clone())));
        plan.pilot.replace(Some(Piloted { revision: revision.name, pilot }));
        run
    }

    fn run_unwatched(
        &mut self,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        follow: Follow,
    ) -> Run {
        let mut lent = self.pool.lend();
        let ended = self.execute(&mut lent, plan, revision, follow);
        finished(lent, ended)
    }

    /// Runs the case, and gives the scheduler back, with the accident that ended the run, if one did.
    fn execute<C: Choose + 'static>(
        &mut self,
        lent: &mut Lent,
        plan: &Rc<Plan>,
        revision: &'static Revision,
        choose: C,
    ) -> (C, Result<(), Accident>) {
        let choose = Rc::new(RefCell::new(choose));
        let world = &mut lent.parts_mut().world;
        world.reset(revision);
        world.extra_points = self.extra_points;
        assignment::prepare(plan.clone());
        let ended = guarded(|| self.engine.run(world, choose.clone(), boot::main));
        (Rc::into_inner(choose).expect("the engine is done with it").into_inner(), ended)
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the pilot of the plan has run on the revision.
fn is_known(plan: &Plan, revision: &Revision) -> bool {
    plan.pilot.borrow().as_ref().is_some_and(|piloted| piloted.revision == revision.name)
}

/// Judges a run that is over.
fn finished(lent: Lent, (mut follow, ended): (Follow, Result<(), Accident>)) -> Run {
    let world: &World = &lent.parts().world;
    let judged = ended.and_then(|()| guarded(|| oracle::judge(world)));
    Run {
        failure: judged.unwrap_or_else(|accident| Some(own::failure(&accident))),
        end: world.end.unwrap_or(End::Broken),
        steps: world.step,
        divergences: follow.divergences(),
        absent: assignment::assignment(|assignment| std::mem::take(&mut assignment.absent)),
        decisions: follow.take_decisions(),
        lent,
    }
}
