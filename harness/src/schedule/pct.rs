//! Probabilistic concurrency testing: threads have random priorities, the highest that can run runs, and
//! at d - 1 random moments the running thread falls below all others.
//!
//! Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic Guarantees of
//! Finding Bugs", ASPLOS 2010. The moments are spread over the length of the [`super::pilot`] run of the
//! case, where the paper asks for a bound. As the paper proposes, a moment is a decision between at least
//! two threads. A thread keeps its priority when it sleeps. The moments come from the stream of the
//! schedule as a whole, for they are moments of the run and not of a thread.

use super::chance::{Streams, below, common};
use super::{AskPilot, Kind, Parameter, Share, Strategy};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_core::Rng;

/// Ordering constraints that it aims at.
const DEPTH: Parameter = Parameter { key: "depth", least: 1, most: 10 };

/// `pct seed N depth N`.
pub static PCT: Kind = Kind::new(
    "pct",
    "probabilistic concurrency testing, for bugs of so many ordering constraints",
    choose,
)
.parameters(&[Parameter::SEED, DEPTH])
.shares(&[Share { percent: 12.0, numbers: &[10] }, Share { percent: 4.0, numbers: &[3] }]);

fn choose(strategy: Strategy, pilot: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Pct::new(strategy.seed(), strategy.number(DEPTH.key) as u8, pilot().decisions))
}

/// Probabilistic concurrency testing.
#[derive(Debug)]
pub struct Pct {
    streams: Streams,
    /// By number of the thread: larger is more urgent. Lowered ones are below [`INITIAL`].
    priorities: Vec<u64>,
    change_points: Vec<usize>,
    step: usize,
}

/// Initial priorities begin here; change points hand out lower ones, the earliest the highest of them.
const INITIAL: u64 = 1 << 32;

impl Pct {
    /// The sampling of a seed for bugs of the depth, in runs of so many decisions.
    pub fn new(seed: u64, depth: u8, length: usize) -> Self {
        let mut rng = common(seed);
        let change_points = (1..depth).map(|_| below(&mut rng, length.max(1))).collect();
        Pct { streams: Streams::new(seed), priorities: Vec::new(), change_points, step: 0 }
    }

    fn priority(&mut self, thread: Tid) -> u64 {
        while self.priorities.len() <= thread.index() {
            let next = Tid(self.priorities.len() as u8);
            self.priorities.push(INITIAL + u64::from(self.streams.of(next).next_u32()));
        }
        self.priorities[thread.index()]
    }
}

impl Choose for Pct {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let highest = candidates.iter().max_by_key(|c| (self.priority(c.thread), c.thread));
        let chosen = highest.expect("there is a candidate").thread;
        if candidates.len() > 1 {
            if self.change_points.contains(&self.step) {
                let later = self.change_points.iter().filter(|&&point| point > self.step).count();
                self.priorities[chosen.index()] = later as u64;
            }
            self.step += 1;
        }
        chosen
    }
}
