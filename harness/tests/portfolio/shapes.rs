//! The shapes: programs on the model's primitives, and how one run of them is made.

use mmreap::boot::{self, MachinePlan};
use mmreap::memory::{self, Handle};
use mmreap::release::V4_15;
use mmreap::sync::atomic::atomic_read;
use mmreap::sync::engine::{Choose, Engine};
use mmreap::sync::mutex::{Mutex, mutex_lock, mutex_unlock};
use mmreap::sync::thread::Tid;
use mmreap::task::Signal;
use mmreap::world::{End, World};
use mmreap_harness::case::Strategy;
use mmreap_harness::schedule::Shared;
use mmreap_harness::schedule::follow::Follow;
use mmreap_harness::schedule::pilot::{Estimates, PILOT, Pilot};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A program: so many threads of each body.
pub type Shape = &'static [(usize, fn(Tid))];

/// `reorder_100` of SCTBench: 99 threads set `a`, then `b`; one must not see `a` set and `b` not. It sees
/// it only if it runs between the first store to `a` and the first to `b`.
pub const REORDER_100: Shape = &[(99, set_both), (1, check_both)];

/// `twostage_100` of SCTBench: 99 threads change `a` under one lock, then `b` under another; one reads both
/// in the same way, and must do so between the first change of `a` and the first of `b`.
pub const TWOSTAGE_100: Shape = &[(99, change_both), (1, read_both)];

/// The shape of CVE-2017-15265: `snd_seq_create_port` puts a port on the list, drops the lock, and goes on
/// to use the port, while `snd_seq_delete_port` takes it off the list and frees it. What is deleted is the
/// last of eight ports, so that the deletion has to wait for long and then come at once.
pub const SEQ_PORT: Shape = &[(1, create_ports), (1, delete_last_port)];

/// One thread touches one thing twice, another three times.
pub const TWO_AND_THREE: Shape = &[(1, twice), (1, thrice)];

const PORTS: usize = 8;

thread_local! {
    static SHAPE: Cell<Shape> = const { Cell::new(&[]) };
    static SHARED: Cell<Option<(Handle<Signal>, Mutex, Mutex)>> = const { Cell::new(None) };
    static LIST: RefCell<Vec<Handle<Signal>>> = const { RefCell::new(Vec::new()) };
    static SEEN: Cell<bool> = const { Cell::new(false) };
}

/// An object whose `live` and `sigcnt` are the program's `a` and `b`, and a lock for each.
fn shared() -> (Handle<Signal>, Mutex, Mutex) {
    SHARED.get().expect("the program has booted")
}

fn touch(_: Tid) {
    memory::write(shared().0, "a", |s| s.live += 1);
}

fn twice(thread: Tid) {
    touch(thread);
    touch(thread);
}

fn thrice(thread: Tid) {
    twice(thread);
    touch(thread);
}

fn set_both(_: Tid) {
    memory::write(shared().0, "a", |s| s.live = 1);
    memory::write(shared().0, "b", |s| s.sigcnt = -1);
}

fn check_both(_: Tid) {
    let a = || atomic_read(shared().0, "a", |s| &mut s.live);
    let b = || atomic_read(shared().0, "b", |s| &mut s.sigcnt);
    let is = |x, y| a() == x && b() == y;
    SEEN.set(!(is(0, 0) || is(1, -1)));
}

fn change_both(_: Tid) {
    let (data, first, second) = shared();
    mutex_lock(first);
    data.poke(|s| s.live = 1);
    mutex_unlock(first);
    mutex_lock(second);
    data.poke(|s| s.sigcnt = s.live + 1);
    mutex_unlock(second);
}

fn read_both(_: Tid) {
    let (data, first, second) = shared();
    mutex_lock(first);
    let a = data.peek(|s| s.live);
    mutex_unlock(first);
    if a == 0 {
        return;
    }
    mutex_lock(second);
    SEEN.set(data.peek(|s| s.sigcnt) != a + 1);
    mutex_unlock(second);
}

fn create_ports(_: Tid) {
    for number in 0..PORTS {
        let port = boot::process("port".into(), 0);
        mutex_lock(shared().1);
        LIST.with_borrow_mut(|list| list.push(port));
        mutex_unlock(shared().1);
        memory::write(port, "name", |port| port.live = number as i32);
    }
}

fn delete_last_port(_: Tid) {
    mutex_lock(shared().1);
    let port = LIST.with_borrow_mut(|list| list.get(PORTS - 1).copied());
    mutex_unlock(shared().1);
    port.into_iter().for_each(memory::free);
}

fn main() {
    boot::machine(MachinePlan {
        frames: 8,
        min: 1,
        high: 2,
        any_time: false,
        lazy_tlb: false,
        empty_pmd_is_bad: true,
    });
    let data = boot::process("shared".into(), 0);
    data.poke(|s| (s.live, s.sigcnt) = (0, 0));
    SHARED.set(Some((data, Mutex::new("first"), Mutex::new("second"))));
    let bodies = SHAPE.get().iter().flat_map(|&(count, body)| std::iter::repeat_n(body, count));
    for (number, body) in bodies.enumerate() {
        boot::kthread(format!("t{number}").into(), body);
    }
    boot::run();
}

/// A shape that runs again and again.
pub struct Program {
    engine: Engine,
    /// What the latest run left.
    pub world: World,
    shape: Shape,
    estimates: Option<Rc<Estimates>>,
}

impl Program {
    /// It has not run yet.
    pub fn new(shape: Shape) -> Self {
        Program { engine: Engine::new(), world: World::default(), shape, estimates: None }
    }

    /// Whether a run shows the bug. The first run has to be the pilot.
    pub fn run(&mut self, rest: Strategy) -> bool {
        let pilot = self.estimates.is_none().then(|| Rc::new(RefCell::new(Pilot::new())));
        let rest = match &pilot {
            Some(pilot) => {
                assert_eq!(rest, PILOT);
                Box::new(Shared(pilot.clone()))
            }
            None => rest.scheduler(&mut || self.estimates.clone().expect("the pilot ran")),
        };
        let seen = self.run_with(rest);
        self.estimates = pilot.map(|p| p.borrow().estimates()).or(self.estimates.take());
        seen
    }

    /// The same with any scheduler.
    pub fn run_with(&mut self, rest: Box<dyn Choose>) -> bool {
        SHAPE.set(self.shape);
        SEEN.set(false);
        LIST.take();
        self.world.reset(&V4_15);
        let scheduler = Rc::new(RefCell::new(Follow::new(Vec::new(), rest)));
        self.engine.run(&mut self.world, scheduler, main);
        SEEN.get() || self.world.end == Some(End::Violation)
    }
}
