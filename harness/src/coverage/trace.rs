//! The features of one run.
//!
//! One pass over its steps. For each thing that an object consists of (its flags, a lock, a field) the pass
//! knows who wrote last and who read last; the next operation of another thread that conflicts with it is a
//! pair. Only the last reader is remembered: that the second last came before the same writer is seen in the
//! next run that swaps the two.

use super::hash::mix;
use super::map::SIZE;
use super::role::{THREADS, roles};
use crate::schedule::watch::Step;
use mmreap::sync::thread::Tid;
use mmreap::trace::EventKind;
use mmreap::world::World;

/// Room for things. A case of usual size touches about a hundred; of two in one place, the later is kept.
const CELLS: usize = 1024;

/// What nobody's hash is.
const NOBODY: u32 = 0;

/// The latest operations on one thing.
#[derive(Clone, Copy, Default)]
struct Cell {
    /// Object and noun.
    thing: u64,
    /// The run that this is about.
    run: u32,
    write: Touch,
    read: Touch,
    /// The latest pair.
    pair: u64,
}

/// An operation: a thread, and the hash of its site and role, or [`NOBODY`].
#[derive(Clone, Copy, Default)]
struct Touch {
    thread: Tid,
    by: u32,
}

/// What a run has shown, as a number below [`SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Two operations in conflict, or a fault that struck.
    Single(usize),
    /// Two pairs of operations in a row.
    Sequence(usize),
}

/// Turns runs into features.
pub struct Tracer {
    cells: Box<[Cell; CELLS]>,
    run: u32,
    roles: [u8; THREADS],
}

impl Default for Tracer {
    fn default() -> Self {
        let cells = Box::new([Cell::default(); CELLS]);
        Tracer { cells, run: 0, roles: [0; THREADS] }
    }
}

impl Tracer {
    /// Hands out every feature of the run in the world, some of them several times.
    pub fn trace(&mut self, steps: &[Step], w: &World, mut add: impl FnMut(Feature)) {
        self.run += 1;
        roles(w, &mut self.roles);
        for step in steps {
            self.step(step, &mut add);
        }
        if w.injection.is_armed() {
            self.faults(w, add);
        }
    }

    /// Hands out the features that end with a step.
    fn step(&mut self, step: &Step, mut add: impl FnMut(Feature)) {
        let (run, thread) = (self.run, step.thread);
        let role = u32::from(self.roles[thread.index()]);
        let touch = Touch { thread, by: step.site ^ role.wrapping_mul(0x85eb_ca6b) };
        let cell = cell(&mut self.cells, run, step);
        let mut meet = |earlier: Touch, before: &mut u64| {
            if earlier.by != NOBODY && earlier.thread != thread {
                let sites = u64::from(earlier.by) << 32 | u64::from(touch.by);
                let pair = mix(sites, step.object.kind as u64);
                add(Feature::Single(number(pair)));
                add(Feature::Sequence(number(mix(*before, pair))));
                *before = pair;
            }
        };
        meet(cell.write, &mut cell.pair);
        if step.reads {
            cell.read = touch;
        } else {
            meet(cell.read, &mut cell.pair);
            (cell.write, cell.read) = (touch, Touch::default());
        }
    }

    fn faults(&mut self, w: &World, mut add: impl FnMut(Feature)) {
        for event in w.log.iter().filter(|event| event.kind == EventKind::Fault) {
            let role = u64::from(self.roles[event.thread.index()]);
            add(Feature::Single(number(mix(u64::from(event.site.hash()), role))));
        }
    }
}

/// The cell of what a step touches.
fn cell<'a>(cells: &'a mut [Cell; CELLS], run: u32, step: &Step) -> &'a mut Cell {
    let kind = (step.object.kind as u64) << 56;
    let thing = kind | u64::from(step.object.serial & 0xff_ffff) << 32 | u64::from(step.noun);
    let cell = &mut cells[(thing.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % CELLS];
    if (cell.thing, cell.run) != (thing, run) {
        *cell = Cell { thing, run, ..Cell::default() };
    }
    cell
}

/// The number of a feature.
fn number(hash: u64) -> usize {
    hash as usize % SIZE
}
