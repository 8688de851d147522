//! Random walk: every choice is uniform among the threads that can run.
//!
//! The choices of all threads come from one stream: who is chosen depends on how many could be.

use super::chance::{below, common};
use super::{AskPilot, Kind, Parameter, Share, Strategy};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;

/// `random seed N`.
pub static RANDOM: Kind = Kind::new("random", "each that can run is as likely", choose)
    .parameters(&[Parameter::SEED])
    .shares(&[Share { percent: 7.0, numbers: &[] }]);

fn choose(strategy: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Random::new(strategy.seed()))
}

/// A random walk.
#[derive(Debug)]
pub struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    /// The walk of a seed.
    pub fn new(seed: u64) -> Self {
        Random { rng: common(seed) }
    }
}

impl Choose for Random {
    fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
        candidates[below(&mut self.rng, candidates.len())].thread
    }
}
