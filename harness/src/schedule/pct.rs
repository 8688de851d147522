//! Probabilistic concurrency testing: threads have random priorities, the highest that can run runs, and
//! at d - 1 random moments the running thread falls below all others.
//!
//! Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of
//! Finding Bugs", ASPLOS 2010. The length of a run is not known beforehand, and a guess from earlier runs
//! would make a replay depend on them, so it is taken to be 200 decisions. A thread that sleeps keeps its
//! priority.

use super::stream;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// Priorities from here on are initial ones; change points hand out lower ones.
const INITIAL: u32 = 1 << 8;

/// Scheduling decisions of a typical run: the median of generated cases is near 160.
const LENGTH: u32 = 200;

/// Probabilistic concurrency testing.
#[derive(Debug)]
pub struct Pct {
    rng: ChaCha8Rng,
    priorities: Vec<u32>,
    change_points: Vec<u32>,
    step: u32,
}

impl Pct {
    /// The sampling of a seed with bugs of the depth in mind.
    pub fn new(seed: u64, depth: u8) -> Self {
        let mut rng = stream(seed, Tid::CLOCK);
        let changes = u32::from(depth.saturating_sub(1));
        let change_points = (0..changes).map(|_| below(&mut rng, LENGTH)).collect();
        Pct { rng, priorities: Vec::new(), change_points, step: 0 }
    }

    fn priority(&mut self, thread: Tid) -> u32 {
        while self.priorities.len() <= thread.index() {
            let priority = INITIAL + below(&mut self.rng, u32::MAX - INITIAL);
            self.priorities.push(priority);
        }
        self.priorities[thread.index()]
    }
}

fn below(rng: &mut ChaCha8Rng, bound: u32) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(bound)) >> 32) as u32
}

impl Choose for Pct {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let highest = candidates.iter().max_by_key(|c| (self.priority(c.thread), c.thread));
        let chosen = highest.expect("there is a candidate").thread;
        let due = self.change_points.iter().filter(|&&point| point == self.step).count() as u32;
        if due > 0 {
            let lowest = self.change_points.iter().filter(|&&point| point > self.step).count();
            self.priorities[chosen.index()] = lowest as u32;
        }
        self.step += 1;
        chosen
    }
}
