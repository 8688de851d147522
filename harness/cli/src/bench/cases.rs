//! The cases of a hunt that every arm meets alike: made from nothing, one after the other.

use arbitrary::Unstructured;
use mmreap_harness::campaign::ENTROPY;
use mmreap_harness::case::{Case, generate};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// An endless sequence of cases.
pub struct Cases {
    kernel: &'static str,
    rng: ChaCha8Rng,
}

impl Cases {
    /// The cases of a seed, for a kernel.
    pub fn new(kernel: &'static str, seed: u64) -> Self {
        Cases { kernel, rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

impl Iterator for Cases {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        let mut bytes = [0; ENTROPY];
        self.rng.fill_bytes(&mut bytes);
        Some(generate::case(&mut Unstructured::new(&bytes), self.kernel))
    }
}
