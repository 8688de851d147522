//! Sticky walk: a random walk that stays with the running thread seven times in eight.
//!
//! A random walk switches almost every time, so no thread gets far while another waits; here they come in
//! bursts of about eight operations. The stay is drawn before the choice among all, the running thread
//! included. As in the random walk, all choices come from one stream.

use super::chance::{below, common};
use super::{AskPilot, Kind, Parameter, Share, Strategy};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;

/// `sticky seed N`.
pub static STICKY: Kind =
    Kind::new("sticky", "a random walk that mostly stays with the thread that runs", choose)
        .parameters(&[Parameter::SEED])
        .shares(&[Share { percent: 11.0, numbers: &[] }]);

fn choose(strategy: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(Sticky::new(strategy.seed()))
}

/// A sticky walk.
#[derive(Debug)]
pub struct Sticky {
    rng: ChaCha8Rng,
}

impl Sticky {
    /// The walk of a seed.
    pub fn new(seed: u64) -> Self {
        Sticky { rng: common(seed) }
    }
}

impl Choose for Sticky {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let stays = below(&mut self.rng, 8) > 0;
        match current {
            Some(thread) if stays => thread,
            _ => candidates[below(&mut self.rng, candidates.len())].thread,
        }
    }
}
