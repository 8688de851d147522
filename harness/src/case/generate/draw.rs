//! Draws choices from raw bytes.
//!
//! A thin coat over [`Unstructured`] for two reasons. First, nothing here can fail: where the bytes
//! run out every answer is the first, smallest, plainest one, so that a short input is a small case
//! and not an error. Second, ranges are scaled and not taken modulo: `Unstructured` prefers the low
//! end of a range that does not divide 256, which would bend every percentage of the generator, and
//! its `ratio` says yes on empty input.
//!
//! Nothing that is stored is ever decoded with this: bytes are entropy, the text is the format.

use std::ops::RangeInclusive;

use arbitrary::Unstructured;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Bytes for what is drawn aside: more than any operation takes.
const ASIDE: usize = 64;

/// A source of choices.
pub(in crate::case) struct Draw<'a, 'b>(&'a mut Unstructured<'b>);

impl<'a, 'b> Draw<'a, 'b> {
    /// Choices out of `bytes`.
    pub(in crate::case) fn new(bytes: &'a mut Unstructured<'b>) -> Self {
        Draw(bytes)
    }

    /// A number below `bound`; 0 if the bytes ran out or the bound is 0. Takes two bytes.
    pub(in crate::case) fn below(&mut self, bound: usize) -> usize {
        let raw = usize::from(self.0.arbitrary::<u16>().unwrap_or(0));
        (raw * bound.min(1 << 16)) >> 16
    }

    /// A number of the range; its start if the bytes ran out.
    pub(in crate::case) fn between(&mut self, range: RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() + 1 - range.start())
    }

    /// True in `percent` of the draws; false if the bytes ran out, unless it is certain.
    pub(in crate::case) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of the items; the first if the bytes ran out, none if there is none.
    pub(in crate::case) fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len()))
    }

    /// An index, each with the probability of its weight; none if all weights are 0.
    pub(in crate::case) fn weighted(&mut self, weights: &[usize]) -> Option<usize> {
        let mut rest = self.below(weights.iter().sum());
        weights.iter().position(|&weight| {
            let hit = rest < weight;
            rest = rest.saturating_sub(weight);
            hit
        })
    }

    /// Bytes for something by the name: they come from those that are drawn next, and none of these are used up. None
    /// if the bytes ran out.
    pub(in crate::case) fn aside(&self, name: &str) -> Option<[u8; ASIDE]> {
        let next = self.0.peek_bytes(self.0.len().min(8)).filter(|next| !next.is_empty())?;
        let mut seed = [0; 32];
        seed[..next.len()].copy_from_slice(next);
        for (at, byte) in name.bytes().enumerate() {
            seed[8 + at % 24] ^= byte;
        }
        let mut bytes = [0; ASIDE];
        ChaCha8Rng::from_seed(seed).fill_bytes(&mut bytes);
        Some(bytes)
    }

    /// 64 random bits, for a seed.
    pub(in crate::case) fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }
}
