//! Runs that record what each step touched, and runs that take the same steps in another order.

use mmreap::revision::Revision;
use mmreap::sync::engine::{Candidate, Choose, Engine};
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::Op;
use mmreap::sync::thread::Tid;
use mmreap::world::{World, world};
use mmreap_harness::prove::trace::Step;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::run::{Run, Runner};
use mmreap_harness::schedule::Shared;
use std::cell::RefCell;
use std::rc::Rc;

/// Runs under a strategy or a list of threads, and records what each step touched.
#[derive(Default)]
pub struct Recorder {
    inner: Option<Box<dyn Choose>>,
    order: Vec<Tid>,
    /// What each step announced.
    pub announced: Vec<Op>,
    /// What each step touched.
    pub steps: Vec<Step>,
    /// Who could have run instead, at each step.
    pub ready: Vec<Vec<Tid>>,
    begun: Option<(Tid, Option<Touch>, bool)>,
    woken: Vec<Tid>,
    /// The first decision at which the thread of the list could not run.
    pub stuck: Option<usize>,
}

impl Recorder {
    /// Runs under the strategy.
    pub fn under(inner: Box<dyn Choose>) -> Self {
        Recorder { inner: Some(inner), ..Recorder::default() }
    }

    /// Runs the threads of the list.
    pub fn along(order: Vec<Tid>) -> Self {
        Recorder { order, ..Recorder::default() }
    }

    /// The threads of the steps.
    pub fn order(&self) -> Vec<Tid> {
        self.steps.iter().map(|step| step.thread).collect()
    }

    /// Whether the step and the next one are neighbours that could have been the other way round.
    pub fn may_swap(&self, i: usize) -> bool {
        let (a, b) = (&self.steps[i], &self.steps[i + 1]);
        a.thread != b.thread && self.ready[i].contains(&b.thread) && !(a.barrier || b.barrier)
    }

    /// Whether nobody would see it if they were.
    pub fn commute(&self, i: usize) -> bool {
        let (a, b) = (&self.steps[i], &self.steps[i + 1]);
        !(a.disturbs(b) || b.disturbs(a))
    }

    fn complete(&mut self, world: &World) {
        if let Some((thread, announced, barrier)) = self.begun.take() {
            let step = Step::new(thread, announced, &world.footprint);
            self.steps.push(Step { barrier, ..step });
        }
    }

    fn pick(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let place = self.ready.len();
        if let Some(inner) = &mut self.inner {
            return inner.choose(candidates, current);
        }
        let wanted = self.order.get(place).copied();
        match wanted.filter(|&thread| candidates.iter().any(|c| c.thread == thread)) {
            Some(thread) => thread,
            None => {
                self.stuck.get_or_insert(place);
                candidates[0].thread
            }
        }
    }
}

impl Choose for Recorder {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        world(|w| self.complete(w));
        let thread = self.pick(candidates, current);
        let ready: Vec<Tid> = candidates.iter().map(|c| c.thread).collect();
        if let Some(before) = self.ready.last() {
            self.woken.extend(ready.iter().filter(|&t| !before.contains(t) && *t != Tid::CLOCK));
        }
        let op = candidates.iter().find(|c| c.thread == thread).expect("a candidate").op;
        let announced = (!op.access.is_open() && !self.woken.contains(&thread)).then_some(Touch {
            object: op.object,
            noun: op.site.noun(),
            access: op.access,
        });
        self.woken.retain(|&other| other != thread);
        self.ready.push(ready);
        self.announced.push(op);
        let barrier = world(|w| {
            w.footprint.recording = true;
            w.footprint.clear();
            thread == Tid::CLOCK && !w.clock.any_time
        });
        self.begun = Some((thread, announced, barrier));
        thread
    }
}

/// Runs the case.
pub fn record(
    runner: &mut Runner,
    plan: &Rc<Plan>,
    kernel: &'static Revision,
    recorder: Recorder,
) -> (Recorder, Run) {
    let recorder = Rc::new(RefCell::new(recorder));
    let shared = Box::new(Shared(recorder.clone()));
    let run = runner.record_under(plan, kernel, shared);
    recorder.borrow_mut().complete(run.world());
    let recorder = Rc::try_unwrap(recorder).ok().expect("the run is over").into_inner();
    (recorder, run)
}

/// Runs a machine that is no case's.
pub fn record_machine(
    kernel: &'static Revision,
    main: fn(),
    recorder: Recorder,
) -> (Recorder, World) {
    let recorder = Rc::new(RefCell::new(recorder));
    let mut world = World::default();
    world.reset(kernel);
    Engine::new().run(&mut world, recorder.clone(), main);
    recorder.borrow_mut().complete(&world);
    let recorder = Rc::try_unwrap(recorder).ok().expect("the run is over").into_inner();
    (recorder, world)
}
