//! Few preemptions: at so many moments at most another thread runs instead of one that could go on, and
//! where none could, chance decides who is next.
//!
//! Not a strategy of cases, for what is small needs no seed to be told. It is for whoever wants to see runs that a
//! bounded proof speaks of: other strategies hardly ever keep within a bound.

use super::chance::{below, common};
use super::preemption::could_go_on;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;

/// A walk with few preemptions.
#[derive(Debug)]
pub struct Few {
    rng: ChaCha8Rng,
    moments: Vec<usize>,
    /// Moments at which somebody could have been preempted.
    passed: usize,
}

impl Few {
    /// The walk of a seed, with so many preemptions at most, spread over so many decisions.
    pub fn new(seed: u64, most: u32, decisions: usize) -> Self {
        let mut rng = common(seed);
        // A bound may be any number, and a walk has no more moments than decisions.
        let preemptions = decisions.min(most as usize);
        let moments = (0..preemptions).map(|_| below(&mut rng, decisions)).collect();
        Few { rng, moments, passed: 0 }
    }

    fn pick(&mut self, threads: &[Tid]) -> Tid {
        threads[below(&mut self.rng, threads.len())]
    }
}

impl Choose for Few {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let threads: Vec<Tid> = candidates.iter().map(|candidate| candidate.thread).collect();
        let Some(goes_on) = could_go_on(candidates, current) else { return self.pick(&threads) };
        let others: Vec<Tid> = threads.into_iter().filter(|&thread| thread != goes_on).collect();
        if others.is_empty() {
            return goes_on;
        }
        self.passed += 1;
        let preempts = self.moments.contains(&(self.passed - 1));
        if preempts { self.pick(&others) } else { goes_on }
    }
}
