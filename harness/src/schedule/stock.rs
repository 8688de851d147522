//! The schedulers of shuttle as they come, to compare with: what others use.
//!
//! shuttle's `RandomScheduler` is [`super::random`]. Its `PctScheduler` (shuttle-schedulers 0.1.1) is
//! rebuilt here with everything in which it differs from [`super::pct`]: it learns from run to run, so a
//! run cannot be repeated without those before it, and it is no strategy of cases. Its first run takes
//! the oldest thread that can run; change points are spread over the longest run so far; threads that
//! appear swap priorities with others. Only the generator behind it is another one.

use super::Shared;
use super::chance::{below, common};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use mmreap::world::world;
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;
use std::rc::Rc;

/// Threads that it has priorities for from the beginning.
const THREADS: usize = 16;

/// shuttle's PCT, over all its runs.
pub struct StockPct(Rc<RefCell<State>>);

/// Smaller priorities are more urgent, and all are different.
struct State {
    rng: ChaCha8Rng,
    depth: usize,
    runs: u64,
    /// By number of the thread.
    priorities: Vec<usize>,
    next_priority: usize,
    change_points: Vec<usize>,
    most_steps: usize,
    steps: usize,
}

impl StockPct {
    /// Before its first run.
    pub fn new(depth: usize, seed: u64) -> Self {
        let (rng, priorities) = (common(seed), (0..THREADS).collect());
        let state = State {
            rng,
            depth,
            runs: 0,
            priorities,
            next_priority: THREADS,
            change_points: Vec::new(),
            most_steps: 0,
            steps: 0,
        };
        StockPct(Rc::new(RefCell::new(state)))
    }

    /// The scheduler of the next run. It has to be used up before the next is asked for.
    pub fn next_run(&mut self) -> Box<dyn Choose> {
        self.0.borrow_mut().begin();
        Box::new(Shared(self.0.clone()))
    }
}

impl State {
    /// Shuffles the priorities and draws change points, but for the first run.
    fn begin(&mut self) {
        self.steps = 0;
        if self.runs > 0 {
            self.priorities = sample(&mut self.rng, self.priorities.len(), self.priorities.len());
            self.next_priority = self.priorities.len();
            let places = self.most_steps.saturating_sub(1);
            let count = places.min(self.depth - 1);
            self.change_points = sample(&mut self.rng, places, count);
            self.change_points.iter_mut().for_each(|point| *point += 1);
        }
        self.runs += 1;
    }

    /// A new thread swaps with a random one, or is last.
    fn welcome(&mut self, newest: usize) {
        while self.priorities.len() <= newest {
            let new = self.priorities.len();
            self.priorities.push(self.next_priority);
            let other = below(&mut self.rng, new) + 1;
            self.priorities.swap(new, other);
            self.next_priority += 1;
        }
    }

    fn lower(&mut self, thread: Tid) {
        self.priorities[thread.index()] = self.next_priority;
        self.next_priority += 1;
    }
}

impl Choose for State {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let newest = candidates.iter().map(|c| c.thread).max().expect("there is a candidate");
        self.welcome(newest.index());
        if candidates.len() > 1 {
            if self.change_points.contains(&self.steps) {
                self.lower(world(|w| w.running_tid()));
            }
            self.steps += 1;
            self.most_steps = self.most_steps.max(self.steps);
        }
        let first = candidates.iter().min_by_key(|c| self.priorities[c.thread.index()]);
        first.expect("there is a candidate").thread
    }
}

/// So many different numbers below the bound, in random order.
fn sample(rng: &mut ChaCha8Rng, bound: usize, count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..bound).collect();
    for place in 0..count {
        let other = place + below(rng, bound - place);
        numbers.swap(place, other);
    }
    numbers.truncate(count);
    numbers
}
