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
use shuttle_engine::runtime::execution::{Execution, ExecutionState};
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
}

impl Engine {
    /// An engine without stacks.
    pub fn new() -> Self {
        let mut config = Config::new();
        config.stack_size = STACK_SIZE;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::None;
        config.silence_warnings = true;
        Engine { pool: ContinuationPool::new(), config }
    }

    /// Runs one execution, from `main` (thread 0) to the end of every thread.
    pub fn run(&self, choose: Rc<RefCell<dyn Choose>>, main: fn()) {
        let adapter = Rc::new(RefCell::new(Adapter { choose, candidates: Vec::new() }));
        let execution = Execution::new(adapter, Schedule::new(0));
        let here = Location::caller();
        CONTINUATION_POOL.set(&self.pool, || execution.run(&self.config, main, here));
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets the scheduler choose who runs next.
pub(super) fn switch() {
    thread::switch();
}

/// Puts the running thread to sleep until somebody [`unblock`]s it.
pub(super) fn block() {
    ExecutionState::with(|state| state.current_mut().block(false));
    thread::switch();
}

/// Makes a thread runnable again. It must not have ended.
pub(super) fn unblock(thread: Tid) {
    ExecutionState::with(|state| state.get_mut(TaskId::from(usize::from(thread.0))).unblock());
}

/// Starts a thread. It runs `body` once it is chosen.
pub(super) fn spawn(body: impl FnOnce() + 'static) {
    let here = Location::caller();
    ExecutionState::spawn_thread(Box::new(body), STACK_SIZE, None, None, here);
}

/// Makes a [`Choose`] a shuttle scheduler.
struct Adapter {
    choose: Rc<RefCell<dyn Choose>>,
    candidates: Vec<Candidate>,
}

impl Adapter {
    /// Collects what the runnable threads announced, without the clock unless it may fire.
    fn collect(&mut self, runnable: &[&Task]) -> bool {
        self.candidates.clear();
        world(|w| {
            let clock_may_fire = w.clock.any_time && w.clock.has_timers();
            for task in runnable {
                let thread = tid(task.id());
                if thread != Tid::CLOCK || clock_may_fire || runnable.len() == 1 {
                    let op = w.threads[thread.index()].announced;
                    self.candidates.push(Candidate { thread, op });
                }
            }
            w.is_free_running()
        })
    }
}

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
        let chosen = if self.collect(runnable) {
            let current =
                current.map(tid).filter(|t| self.candidates.iter().any(|c| c.thread == *t));
            self.choose.borrow_mut().choose(&self.candidates, current)
        } else {
            current.map_or(Tid::CLOCK, tid).or_first(runnable.iter().map(|task| tid(task.id())))
        };
        world(|w| w.resume(chosen));
        Some(TaskId::from(usize::from(chosen.0)))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
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
