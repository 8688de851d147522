//! Features switched off and turned up at random, once per case.
//!
//! Swarm testing (Groce et al., *Swarm testing*, ISSTA 2012): a case that uses every feature with
//! its average weight never fills a queue, never starves, never does one thing six times in a row.
//! So each case leaves out about a quarter of the features and quadruples another quarter. The
//! paper draws in-or-out with equal odds; ours also has *more*, because most of our cases are so
//! small that leaving out alone would leave them empty.

use crate::case::generate::draw::Draw;

/// The factors, by two random bits. No bits left means 0, and that has to be the plain weight.
const FACTORS: [usize; 4] = [1, 0, 1, 4];

/// A case's factors on the weights of all features, two bits each.
pub(in crate::case) struct Swarm {
    operations: u128,
    others: u64,
}

impl Swarm {
    /// Operations that have a factor of their own.
    pub(in crate::case) const OPERATIONS: usize = 64;

    /// New factors for a new case.
    pub(in crate::case) fn new(draw: &mut Draw) -> Self {
        let (others, operations) = (draw.bits(), draw.bits());
        // More bits of chance would make another case of the bytes that follow.
        let more = (others ^ operations.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Swarm { operations: u128::from(more) << 64 | u128::from(operations), others }
    }

    /// Every factor 1: what a mutation uses, for its case has been drawn long ago.
    pub(in crate::case) fn even() -> Self {
        Swarm { operations: 0, others: 0 }
    }

    /// The factor of an operation.
    pub(in crate::case) fn operation(&self, index: usize) -> usize {
        FACTORS[(self.operations >> (2 * index)) as usize & 3]
    }

    /// The factors of the kinds of VMAs.
    pub(in crate::case) fn kinds<const N: usize>(&self) -> [usize; N] {
        self.others::<0, 8, N>()
    }

    /// The factors of the ways in which AIO requests complete.
    pub(in crate::case) fn completions<const N: usize>(&self) -> [usize; N] {
        self.others::<8, 8, N>()
    }

    /// The factors of the fault points.
    pub(in crate::case) fn points<const N: usize>(&self) -> [usize; N] {
        self.others::<16, 16, N>()
    }

    /// The first of the factors at a place, where there is room for some.
    fn others<const PLACE: usize, const ROOM: usize, const N: usize>(&self) -> [usize; N] {
        const { assert!(N <= ROOM && PLACE + ROOM <= 32, "each feature has a factor of its own") };
        std::array::from_fn(|index| FACTORS[(self.others >> (2 * (PLACE + index))) as usize & 3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::derive_seed;
    use arbitrary::Unstructured;

    /// Every factor of one swarm.
    fn factors(number: u64) -> Vec<usize> {
        let bytes = [0, 1].map(|word| derive_seed(number, word).to_le_bytes()).concat();
        let swarm = Swarm::new(&mut Draw::new(&mut Unstructured::new(&bytes)));
        let operations: Vec<usize> = (0..64).map(|index| swarm.operation(index)).collect();
        let (kinds, ways, points) =
            (swarm.kinds::<8>(), swarm.completions::<8>(), swarm.points::<16>());
        [&operations[..], &kinds, &ways, &points].concat()
    }

    #[test]
    fn no_two_features_share_a_factor() {
        let swarms: Vec<_> = (0..64).map(factors).collect();
        let of_feature = |feature: usize| swarms.iter().map(|it| it[feature]).collect::<Vec<_>>();
        let mut features: Vec<_> = (0..swarms[0].len()).map(of_feature).collect();
        features.sort();
        features.dedup();
        assert_eq!(features.len(), 64 + 8 + 8 + 16);
    }

    #[test]
    fn without_chance_every_factor_is_one() {
        let swarm = Swarm::new(&mut Draw::new(&mut Unstructured::new(&[])));
        assert!((0..64).all(|index| swarm.operation(index) == 1));
        assert_eq!(swarm.points::<16>(), [1; 16]);
    }
}
