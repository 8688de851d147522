//! Random walk: every choice is uniform among the threads that can run.

use super::stream;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

/// A random walk.
#[derive(Debug)]
pub struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    /// The walk of a seed.
    pub fn new(seed: u64) -> Self {
        Random { rng: stream(seed, Tid::CLOCK) }
    }
}

impl Choose for Random {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        let choice = (u64::from(self.rng.next_u32()) * candidates.len() as u64) >> 32;
        candidates[choice as usize].thread
    }
}
