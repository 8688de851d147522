//! The portfolio: which strategy gets the next run.
//!
//! No scheduler is best at everything, so each gets a share, and those that still find new interleavings
//! get more of it. Half of the runs go by the written shares in any case, because what finds nothing new
//! in one case may be all that finds the bug of the next, and because interleavings are not bugs. The other half
//! goes by share times yield. The yield is new interleavings per run of late, drawn towards that of all
//! strategies as if each had `PRIOR` more runs of that kind; it forgets half of everything each
//! `WINDOW` runs.
//!
//! The written shares are rounded from a fit to what each strategy found of the suite's bugs in cases that the
//! bench does not use. They matter little: by that data, twice or half of any share changes the runs for a find
//! by less than one percent. The random walk is for the munlock race (B05): 15 finds in 180,000 runs, partial
//! order sampling 8.
//!
//! Runs are not dealt by chance: a golden-ratio sequence, whose beginning the seed decides, goes through
//! the shares, so that also ten runs see each of them about as often as they should. Everything follows
//! from the seed and the rewards.

use super::pilot::PILOT;
use super::{Strategy, all, derive_seed};

/// The strategies with the seed 0, and the percentage of the runs that each gets if all yield the same, from the one
/// that gets most.
pub fn written() -> Vec<(Strategy, f64)> {
    let shares = all().flat_map(|kind| kind.shares.iter().map(move |share| (kind, share)));
    let mut all: Vec<_> =
        shares.map(|(kind, share)| (share.strategy(kind), share.percent)).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

/// Runs with the yield of all that each strategy is taken to have had.
const PRIOR: f64 = 64.0;

/// Runs after which half of all that was counted is forgotten.
const WINDOW: f64 = 4096.0;

/// Deals runs out to strategies.
#[derive(Clone, Debug)]
pub struct Portfolio {
    /// The place in the shares, as a fraction of 2^64.
    place: u64,
    arms: Vec<Arm>,
}

/// A strategy, its written share, and what it did of late.
#[derive(Clone, Copy, Debug)]
struct Arm {
    strategy: Strategy,
    percent: f64,
    runs: f64,
    new: f64,
}

impl Portfolio {
    /// The written shares, dealt from the place that belongs to the seed.
    pub fn new(seed: u64) -> Self {
        let arm = |(strategy, percent)| Arm { strategy, percent, runs: 0.0, new: 0.0 };
        Portfolio { place: derive_seed(seed, 0), arms: written().into_iter().map(arm).collect() }
    }

    /// The strategy of a case's n-th run, from 0. The first is the pilot; the others take their seed from
    /// the case's.
    pub fn next(&mut self, seed: u64, run: u64) -> Strategy {
        if run == 0 {
            return PILOT;
        }
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        self.place = self.place.wrapping_add(GOLDEN);
        self.at((self.place >> 32) as f64 / f64::from(u32::MAX)).with_seed(derive_seed(seed, run))
    }

    /// Says how many interleavings a run of the strategy showed that nobody had seen before.
    pub fn reward(&mut self, strategy: Strategy, new: u32) {
        let same = |arm: &&mut Arm| arm.strategy == strategy.with_seed(0);
        if let Some(arm) = self.arms.iter_mut().find(same) {
            arm.runs += 1.0;
            arm.new += f64::from(new);
        }
        if self.total().0 >= WINDOW {
            self.arms.iter_mut().for_each(|arm| {
                arm.runs /= 2.0;
                arm.new /= 2.0;
            });
        }
    }

    /// The share of each strategy in the runs to come, in the order of [`written`]; they add up to 1.
    pub fn shares(&self) -> Vec<f64> {
        let (runs, new) = self.total();
        let mean = new / runs.max(1.0);
        let written = self.weigh(|_| 1.0);
        let earned = if mean > 0.0 {
            self.weigh(|arm| (arm.new + PRIOR * mean) / (arm.runs + PRIOR))
        } else {
            written.clone()
        };
        written.iter().zip(earned).map(|(written, earned)| (written + earned) / 2.0).collect()
    }

    fn weigh(&self, value: impl Fn(&Arm) -> f64) -> Vec<f64> {
        let weights: Vec<f64> = self.arms.iter().map(|arm| arm.percent * value(arm)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    /// Runs and new interleavings of all.
    fn total(&self) -> (f64, f64) {
        self.arms.iter().fold((0.0, 0.0), |(runs, new), arm| (runs + arm.runs, new + arm.new))
    }

    /// The strategy at a place between 0 and 1.
    fn at(&self, place: f64) -> Strategy {
        let mut end = 0.0;
        let is_there = |share: &f64| {
            end += share;
            place < end
        };
        let arm = self.shares().iter().position(is_there).unwrap_or(self.arms.len() - 1);
        self.arms[arm].strategy
    }
}
