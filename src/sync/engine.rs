//! The one module that touches shuttle's engine below its documented surface.
//!
//! It offers four things to the rest of the crate: a switch point, blocking and unblocking a thread,
//! starting a thread, and running a machine on CPUs that are kept for the next (`cpus`). shuttle's
//! scheduler trait sees only task ids; [`Choose`] is told what each thread is about to do.
//!
//! The engine is pinned exactly in `Cargo.toml`, because none of this is promised to stay.

mod cpus;

use crate::sync::point::{Op, end_run};
use crate::sync::thread::Tid;
use crate::world::{End, World, exchange, world};
use cpus::Cpus;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle_engine::runtime::thread;
use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;
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

/// Runs machines.
pub struct Engine {
    cpus: Rc<Cpus>,
}

impl Engine {
    /// An engine. Those of an OS thread share what is expensive.
    pub fn new() -> Self {
        Engine { cpus: Cpus::shared() }
    }

    /// Runs a machine in a world, from `main` (thread 0) to the end of every thread. The world has to be
    /// [reset](World::reset), and nobody may call this from a thread of a run. A panic of the machine's code, or of
    /// the scheduler, comes out here; the engine can be used again.
    pub fn run(&self, world: &mut World, choose: Rc<RefCell<dyn Choose>>, main: fn()) {
        let inside = Inside::new(world, choose);
        self.cpus.run(main);
        drop(inside);
        if let Some(payload) = PANIC.take() {
            resume_unwind(payload);
        }
    }
}

/// The OS thread is in a run; it leaves world and scheduler, however that ends.
struct Inside<'a> {
    world: &'a mut World,
}

impl<'a> Inside<'a> {
    fn new(world: &'a mut World, choose: Rc<RefCell<dyn Choose>>) -> Self {
        exchange(world);
        CHOOSE.set(Some(choose));
        Inside { world }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        CHOOSE.set(None);
        exchange(self.world);
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
    /// The panic that ended the run. shuttle does not hear of it, so the CPUs stay.
    static PANIC: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

/// The running thread panicked: the run is over, and its caller hears why.
pub(super) fn panicked(payload: Box<dyn Any + Send>) {
    PANIC.set(Some(payload));
    world(World::recover);
    end_run(End::Broken);
}

/// Lets the scheduler choose who runs next: whether others than the running thread ran. shuttle hears of
/// it only in that case.
pub(super) fn switch(running: Tid) -> bool {
    let others = decide(Some(running)) != running;
    if others {
        thread::switch();
    }
    others
}

/// Puts the running thread to sleep until somebody [`unblock`]s it.
pub(super) fn block() {
    world(|w| w.block());
    cpus::wait();
}

/// Makes a thread runnable again. It must not have ended.
pub(super) fn unblock(thread: Tid) {
    world(|w| w.unblock(thread));
    cpus::set_runnable(thread);
}

/// Starts a thread. It runs `body` once it is chosen.
pub(super) fn spawn(thread: Tid, body: fn(Tid)) {
    cpus::start(thread, body);
}

/// Asks the scheduler, and makes the thread that it chooses the running one. `ran` can go on; if another is
/// chosen, shuttle has to hear of it.
fn decide(ran: Option<Tid>) -> Tid {
    // The list is taken out of the world, because a scheduler may look into the world.
    let (ready, clock_may_fire) = world(|w| {
        let clock_may_fire = w.clock.any_time && w.clock.has_timers();
        (std::mem::take(&mut w.ready), clock_may_fire)
    });
    let candidates = ready.choice(clock_may_fire);
    let is_candidate = |&ran: &Tid| ran != Tid::CLOCK || candidates[0].thread == Tid::CLOCK;
    let current = ran.filter(is_candidate);
    let chosen = CHOOSE.with_borrow(|choose| {
        let choose = choose.as_ref().expect("an execution has a scheduler");
        choose.borrow_mut().choose(candidates, current)
    });
    world(|w| {
        w.ready = ready;
        w.resume(chosen);
        w.chosen = ran.filter(|&ran| ran != chosen).and(Some(chosen));
    });
    chosen
}

/// Tells shuttle who was chosen.
struct Adapter;

impl Scheduler for Adapter {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        let (chosen, decides) = world(|w| (w.chosen.take(), w.is_free_running()));
        let chosen = match chosen {
            Some(chosen) => chosen,
            // The thread that ran sleeps or has ended.
            None if decides => decide(None),
            None => first(runnable),
        };
        Some(TaskId::from(usize::from(chosen.0)))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// While a machine boots, CPU 0 has to itself what happens. After the run, the threads run to their ends,
/// one after the other, and CPU 0 is the last.
fn first(runnable: &[&Task]) -> Tid {
    let threads = || runnable.iter().map(|task| Tid(usize::from(task.id()) as u8));
    let clock = || threads().find(|&thread| thread == Tid::CLOCK);
    let other = || threads().find(|&thread| thread != Tid::CLOCK);
    let booting = world(|w| w.is_booting());
    let chosen = if booting { clock().or_else(other) } else { other().or_else(clock) };
    let chosen = chosen.expect("shuttle asks only while a task is runnable");
    world(|w| w.resume(chosen));
    chosen
}
