//! The cases of a hunt: as a campaign makes them from nothing, but heedless of what the runs come to, so
//! that every arm meets the same ones in the same order.

use crate::campaign::{ENTROPY, POOL, produce};
use crate::case::Case;
use arbitrary::Unstructured;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// An endless sequence of cases.
pub struct Cases {
    kernel: &'static str,
    rng: ChaCha8Rng,
    pool: Vec<Case>,
}

impl Cases {
    /// The cases of a seed, for a kernel.
    pub fn new(kernel: &'static str, seed: u64) -> Self {
        Cases { kernel, rng: ChaCha8Rng::seed_from_u64(seed), pool: Vec::new() }
    }
}

impl Iterator for Cases {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        let mut bytes = [0; ENTROPY];
        self.rng.fill_bytes(&mut bytes);
        let case = produce(&mut Unstructured::new(&bytes), self.kernel, &self.pool);
        if self.pool.len() < POOL {
            self.pool.push(case.clone());
        } else {
            let place = self.rng.next_u64() as usize % POOL;
            self.pool[place] = case.clone();
        }
        Some(case)
    }
}
