//! The one module that touches shuttle's engine below its documented surface.
//!
//! It offers four things to the rest of the crate: a switch point, blocking and unblocking a thread,
//! starting a thread, and running one execution with stacks that are kept for the next. shuttle's
//! scheduler trait sees only task ids; [`Choose`] is told what each thread is about to do.
//!
//! The engine is pinned exactly in `Cargo.toml`, because none of this is promised to stay.

use crate::sync::point::Op;
use crate::sync::thread::Tid;
use crate::world::world;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle_engine::runtime::execution::{Execution, ExecutionState, LABELS};
use shuttle_engine::runtime::thread;
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::{Config, FailurePersistence, MaxSteps};
use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;

/// Stack of a thread in bytes. The deepest call chain needs a fraction of it, also without
/// optimisation; the size costs nothing because stacks are kept.
const STACK_SIZE: usize = 256 * 1024;

/// What a thread that could run now would do next.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The thread.
    pub thread: Tid,
    /// Its announced operation.
    pub op: Op,
}

/// Decides which thread runs next.
pub trait Choose {
    /// One of the candidates, of which there is at least one. `current` is the thread that ran last,
    /// if it is among them. The clock is among them only if it may fire a timer now.
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid;
}

/// Runs executions, and keeps their stacks.
pub struct Engine {
    pool: ContinuationPool,
    config: Config,
    adapter: Rc<RefCell<Adapter>>,
}

impl Engine {
    /// An engine without stacks.
    pub fn new() -> Self {
        let mut config = Config::new();
        config.stack_size = STACK_SIZE;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::None;
        config.silence_warnings = true;
        let adapter = Rc::new(RefCell::new(Adapter));
        Engine { pool: ContinuationPool::new(), config, adapter }
    }

    /// Runs one execution, from `main` (thread 0) to the end of every thread.
    pub fn run(&self, choose: Rc<RefCell<dyn Choose>>, main: fn()) {
        CHOOSE.set(Some(choose));
        let execution = Execution::new(self.adapter.clone(), Schedule::new(0));
        let here = Location::caller();
        let body = move || {
            forget_labels();
            main();
        };
        CONTINUATION_POOL.set(&self.pool, || execution.run(&self.config, body, here));
        CHOOSE.set(None);
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

thread_local! {
    /// Who decides in the execution that runs on this OS thread.
    static CHOOSE: RefCell<Option<Rc<RefCell<dyn Choose>>>> = const { RefCell::new(None) };
}

/// The threads of an execution inherit copies of its main thread's labels; ours have names of their own.
fn forget_labels() {
    LABELS.with_borrow_mut(|labels| labels.clear());
}

/// Lets the scheduler choose who runs next: whether others ran. shuttle hears of it only in that case.
pub(super) fn switch() -> bool {
    let others = decide().is_some();
    if others {
        thread::switch();
    }
    others
}

/// Puts the running thread to sleep until somebody [`unblock`]s it.
pub(super) fn block() {
    world(|w| w.block());
    ExecutionState::with(|state| state.current_mut().block(false));
    thread::switch();
}

/// Makes a thread runnable again. It must not have ended.
pub(super) fn unblock(thread: Tid) {
    world(|w| w.unblock(thread));
    ExecutionState::with(|state| state.get_mut(TaskId::from(usize::from(thread.0))).unblock());
}

/// Starts a thread. It runs `body` once it is chosen.
pub(super) fn spawn(body: impl FnOnce() + 'static) {
    let here = Location::caller();
    ExecutionState::spawn_thread(Box::new(body), STACK_SIZE, None, None, here);
}

/// Asks the scheduler, and makes the thread that it chooses the running one. `None` if that is the one
/// that ran; otherwise the engine finds it in the world when it switches.
fn decide() -> Option<Tid> {
    // The list is taken out of the world, because a scheduler may look into the world.
    let (ready, clock_may_fire, ran) = world(|w| {
        let clock_may_fire = w.clock.any_time && w.clock.has_timers();
        (std::mem::take(&mut w.ready), clock_may_fire, w.running_tid())
    });
    let candidates = ready.choice(clock_may_fire);
    let current = candidates.iter().any(|c| c.thread == ran).then_some(ran);
    let chosen = CHOOSE.with_borrow(|choose| {
        let choose = choose.as_ref().expect("an execution has a scheduler");
        choose.borrow_mut().choose(candidates, current)
    });
    world(|w| {
        w.ready = ready;
        w.resume(chosen);
        w.chosen = (chosen != ran).then_some(chosen);
        w.chosen
    })
}

/// Tells shuttle who was chosen.
struct Adapter;

impl Scheduler for Adapter {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        _: bool,
    ) -> Option<TaskId> {
        if world(|w| w.chosen.is_none() && w.is_free_running()) {
            // The thread that ran sleeps or has ended.
            decide();
        }
        let chosen = world(|w| w.chosen.take()).unwrap_or_else(|| first(runnable, current));
        Some(TaskId::from(usize::from(chosen.0)))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Before the machine is up and after the run, threads run to their ends, one after the other.
fn first(runnable: &[&Task], current: Option<TaskId>) -> Tid {
    let threads = runnable.iter().map(|task| tid(task.id()));
    let chosen = current.map_or(Tid::CLOCK, tid).or_first(threads);
    world(|w| w.resume(chosen));
    chosen
}

fn tid(id: TaskId) -> Tid {
    Tid(usize::from(id) as u8)
}

impl Tid {
    /// Itself if it is among the others, else the first of them.
    fn or_first(self, mut others: impl Iterator<Item = Tid> + Clone) -> Tid {
        if others.clone().any(|other| other == self) {
            return self;
        }
        others.next().expect("shuttle asks only while a task is runnable")
    }
}
