//! The CPUs: tasks of one shuttle execution that serves many runs.
//!
//! Starting a task costs as much as five switches, of which a short run has forty, so a run finds its CPUs
//! waiting. CPU `n` is shuttle's task `n`, and runs thread `n` of every run that has so many; CPU 0
//! boots the machine and is its clock. The execution itself lives in a coroutine, which CPU 0 suspends
//! between two runs: that is how a run can return to its caller.
//!
//! shuttle names the current execution by thread-local variables, which stay set meanwhile. So there is
//! one execution on an OS thread, and the engines there share it; another shuttle runner may come and go
//! between two runs. It is ended by letting every task return, never by unwinding, which shuttle
//! would take for a panic.

use super::{Adapter, STACK_SIZE};
use crate::sync::thread::{self, Tid};
use corosensei::{Coroutine, Yielder};
use scoped_tls::scoped_thread_local;
use shuttle::scheduler::{Schedule, TaskId};
use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::runtime::thread::switch;
use shuttle_engine::{Config, FailurePersistence, MaxSteps};
use std::cell::RefCell;
use std::hint::black_box;
use std::panic::Location;
use std::rc::{Rc, Weak};

/// Runs of one execution. shuttle writes down every switch of an execution, 16 bytes each.
const RUNS: u32 = 256;

/// Places of a page at which stacks begin.
const SHIFTS: usize = 8;

/// Boots a machine and is its clock; none switches the CPUs off.
type Boot = Option<fn()>;

/// What a CPU runs next.
type Body = Option<fn(Tid)>;

scoped_thread_local! {
    /// The way out of the execution.
    static CALLER: Yielder<Boot, ()>
}

thread_local! {
    /// The CPUs of this OS thread.
    static SHARED: RefCell<Weak<Cpus>> = const { RefCell::new(Weak::new()) };
    /// One entry for each CPU but the first.
    static BODIES: RefCell<Vec<Body>> = const { RefCell::new(Vec::new()) };
    /// Created after all that an execution keeps in thread-local variables, and so destroyed before it.
    static LAST: Box<()> = Box::new(());
}

/// The CPUs of an OS thread.
pub(super) struct Cpus {
    execution: RefCell<Option<Coroutine<Boot, (), ()>>>,
}

impl Cpus {
    /// Those of this OS thread, which all of its engines share.
    pub fn shared() -> Rc<Self> {
        SHARED.with_borrow_mut(|shared| {
            shared.upgrade().unwrap_or_else(|| {
                let cpus = Rc::new(Cpus { execution: RefCell::new(Some(switch_on())) });
                LAST.with(|_| ());
                *shared = Rc::downgrade(&cpus);
                cpus
            })
        })
    }

    /// Boots a machine, and returns when all of its threads have ended. A panic of the scheduler while no
    /// thread runs comes out here, and takes the CPUs with it.
    pub fn run(&self, boot: fn()) {
        let mut execution = self.execution.borrow_mut();
        let execution = execution.get_or_insert_with(switch_on);
        if execution.done() {
            *execution = switch_on();
        }
        execution.resume(Some(boot));
    }
}

impl Drop for Cpus {
    fn drop(&mut self) {
        let Some(mut execution) = self.execution.take() else { return };
        // Late in the life of an OS thread, and during a panic, shuttle cannot run any more.
        if std::thread::panicking() || LAST.try_with(|_| ()).is_err() {
            return std::mem::forget(execution);
        }
        while !execution.done() {
            execution.resume(None);
        }
    }
}

/// Starts an execution that waits for its first run.
fn switch_on() -> Coroutine<Boot, (), ()> {
    let mut coroutine = Coroutine::new(|caller, boot| CALLER.set(caller, || serve(boot)));
    coroutine.resume(Some(|| {}));
    coroutine
}

/// One execution after the other, with stacks that are kept for the next.
fn serve(mut next: Boot) {
    let config = config();
    CONTINUATION_POOL.set(&ContinuationPool::new(), || {
        while let Some(first) = next {
            BODIES.with_borrow_mut(Vec::clear);
            let execution = Execution::new(Rc::new(RefCell::new(Adapter)), Schedule::new(0));
            execution.run(&config, move || first_cpu(first), Location::caller());
            next = return_to_caller();
        }
    });
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK_SIZE;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    config
}

/// A run is over; the caller says what comes next.
fn return_to_caller() -> Boot {
    CALLER.with(|caller| caller.suspend(()))
}

/// CPU 0: returns at the end of the execution's last run.
fn first_cpu(first: fn()) {
    let mut next = Some(first);
    for run in 1..=RUNS {
        let Some(boot) = next else { break };
        thread::run_first(boot);
        // It is chosen again when every other CPU waits.
        switch();
        if run < RUNS {
            next = return_to_caller();
        }
    }
    let others = BODIES.with_borrow(Vec::len);
    (1..=others).for_each(|cpu| set_runnable(Tid(cpu as u8)));
}

/// Calls `f` so many times half a kilobyte further down its stack. All stacks begin at the same place of a
/// page, so that threads in the same function would compete for the same few lines of the cache.
#[inline(never)]
fn shifted(times: usize, f: &dyn Fn()) {
    let unused = black_box([0u8; 4096 / SHIFTS]);
    match times {
        0 => f(),
        _ => shifted(times - 1, f),
    }
    black_box(unused);
}

/// Any other CPU.
fn cpu(number: Tid) {
    while let Some(body) = BODIES.with_borrow_mut(|bodies| bodies[number.index() - 1].take()) {
        thread::run(number, body);
        wait();
    }
}

/// Starts a thread: it runs `body` once it is chosen. Threads are started in the order of their numbers.
pub(super) fn start(thread: Tid, body: fn(Tid)) {
    let place = thread.index() - 1;
    let exists = BODIES.with_borrow_mut(|bodies| {
        let exists = place < bodies.len();
        bodies.resize(bodies.len().max(place + 1), None);
        bodies[place] = Some(body);
        exists
    });
    if exists {
        set_runnable(thread);
    } else {
        let here = Location::caller();
        ExecutionState::spawn_thread(
            Box::new(move || shifted(thread.index() % SHIFTS, &|| cpu(thread))),
            STACK_SIZE,
            None,
            None,
            here,
        );
    }
}

/// Takes the running CPU from the scheduler, until [`set_runnable`] gives it back.
pub(super) fn wait() {
    ExecutionState::with(|state| state.current_mut().block(false));
    switch();
}

/// Lets the scheduler choose the CPU again.
pub(super) fn set_runnable(cpu: Tid) {
    ExecutionState::with(|state| state.get_mut(TaskId::from(cpu.index())).unblock());
}
