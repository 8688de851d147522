//! Small programs on the model: each thread is a process with an address space of its own, and notes
//! what it saw.

// Every test program uses a part of this.
#![allow(dead_code)]

use mmreap::boot::{self, MachinePlan};
use mmreap::exit::do_exit::do_exit;
use mmreap::memory::Handle;
use mmreap::mm::mmap::VmaPlan;
use mmreap::mm::{Mm, mm_alloc};
use mmreap::release::V4_15;
use mmreap::sync::engine::{Candidate, Choose, Engine};
use mmreap::sync::thread::Tid;
use mmreap::task::current;
use mmreap::trace::enter;
use mmreap::world::{End, World, world};
use std::cell::RefCell;
use std::rc::Rc;

/// Page frames of the machine, of which the processes use none.
pub const FRAMES: u16 = 32;

/// What a run is made of.
#[derive(Clone, Default)]
struct Program {
    bodies: Vec<fn()>,
    mappings: Vec<VmaPlan>,
    any_time: bool,
}

thread_local! {
    static PROGRAM: RefCell<Program> = RefCell::default();
    static NOTES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Chooses by a random number of its own (an xorshift).
struct Seeded(u64);

impl Choose for Seeded {
    fn choose(&mut self, candidates: &[Candidate], _: Option<Tid>) -> Tid {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        candidates[(self.0 >> 33) as usize % candidates.len()].thread
    }
}

/// Notes something, with the time.
pub fn note(text: &str) {
    let jiffies = world(|w| w.clock.jiffies);
    NOTES.with_borrow_mut(|notes| notes.push(format!("{jiffies} {text}")));
}

/// The address space of the running process.
pub fn mm() -> Handle<Mm> {
    current().peek(|task| task.mm).expect("it has one until it exits")
}

/// The address space of the n-th process.
pub fn mm_of(n: usize) -> Handle<Mm> {
    let task = world(|w| w.threads()[n + 1].task).expect("it has a task");
    task.peek(|task| task.mm).expect("it has one until it exits")
}

/// A mapping of anonymous memory.
pub fn anon(start: u32, pages: u32, flags: u32) -> VmaPlan {
    VmaPlan { name: "heap".into(), start, pages, flags, file: false }
}

fn main() {
    let program = PROGRAM.with_borrow(Program::clone);
    let any_time = program.any_time;
    boot::machine(MachinePlan {
        frames: FRAMES,
        min: 4,
        high: 8,
        any_time,
        lazy_tlb: false,
        empty_pmd_is_bad: true,
    });
    for number in 0..program.bodies.len() {
        let mm = mm_alloc();
        program.mappings.iter().for_each(|mapping| boot::vma(mm, mapping, 7));
        let name: Rc<str> = format!("p{number}").into();
        let signal = boot::process(name.clone(), 0);
        boot::task(signal, name, Some(mm), perform);
    }
    boot::daemons(&[]);
    boot::run();
}

fn perform(thread: Tid) {
    let body = PROGRAM.with_borrow(|program| program.bodies[thread.index() - 1]);
    let _call = enter("program");
    body();
    do_exit();
}

/// Runs programs, one after the other.
#[derive(Default)]
pub struct Machine {
    engine: Engine,
    /// What the latest run left.
    pub world: World,
}

impl Machine {
    /// A machine that has not run anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs threads that are started by `boot`, under a scheduler.
    pub fn boot(&mut self, scheduler: Rc<RefCell<dyn Choose>>, boot: fn()) {
        self.world.reset(&V4_15);
        self.engine.run(&mut self.world, scheduler, boot);
    }

    /// Runs the bodies, each as a process, under a scheduler.
    pub fn run_under(&mut self, scheduler: Rc<RefCell<dyn Choose>>, bodies: &[fn()]) {
        PROGRAM.set(Program { bodies: bodies.to_vec(), ..Program::default() });
        self.boot(scheduler, main);
    }

    fn execute(&mut self, seed: u64, program: Program) -> Vec<String> {
        PROGRAM.set(program);
        NOTES.take();
        self.boot(Rc::new(RefCell::new(Seeded(seed * 2 + 1))), main);
        NOTES.take()
    }

    /// Runs the bodies under fair time, each as a process, to a quiet end, and returns their notes.
    pub fn run(&mut self, seed: u64, bodies: &[fn()]) -> Vec<String> {
        let notes = self.execute(seed, Program { bodies: bodies.to_vec(), ..Program::default() });
        let ended = (self.world.end, self.world.violation);
        assert_eq!(ended, (Some(End::Quiescent), None), "seed {seed}");
        assert!(self.world.stuck.is_empty(), "seed {seed}");
        notes
    }

    /// The same, with timers that may fire at any moment, to whatever end.
    pub fn run_any_time(&mut self, seed: u64, bodies: &[fn()]) -> Vec<String> {
        let bodies = bodies.to_vec();
        self.execute(seed, Program { bodies, any_time: true, ..Program::default() })
    }

    /// Runs the bodies, each with these mappings, to whatever end.
    pub fn run_mapped(&mut self, seed: u64, mappings: &[VmaPlan], bodies: &[fn()]) -> Vec<String> {
        let (bodies, mappings) = (bodies.to_vec(), mappings.to_vec());
        self.execute(seed, Program { bodies, mappings, any_time: false })
    }
}

/// Runs the bodies under fair time, each as a process, to a quiet end, and returns their notes.
pub fn run(seed: u64, bodies: &[fn()]) -> Vec<String> {
    Machine::new().run(seed, bodies)
}
