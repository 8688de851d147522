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

/// A case's factors on the weights of all features.
pub(in crate::case) struct Swarm(u128);

impl Swarm {
    /// Where the features of the VMA kinds begin; those of the operations begin at 0.
    pub(in crate::case) const KINDS: usize = 32;
    /// Where those of the AIO completions begin.
    pub(in crate::case) const COMPLETIONS: usize = 40;
    /// Where those of the fault points begin.
    pub(in crate::case) const POINTS: usize = 48;

    /// New factors for a new case.
    pub(in crate::case) fn new(draw: &mut Draw) -> Self {
        Swarm(u128::from(draw.bits()) << 64 | u128::from(draw.bits()))
    }

    /// Every factor 1: what a mutation uses, for its case has been drawn long ago.
    pub(in crate::case) fn even() -> Self {
        Swarm(0)
    }

    /// The factor of a feature.
    pub(in crate::case) fn multiplier(&self, feature: usize) -> usize {
        assert!(feature < 64, "there are two bits for each of 64 features");
        FACTORS[(self.0 >> (2 * feature)) as usize & 3]
    }
}
