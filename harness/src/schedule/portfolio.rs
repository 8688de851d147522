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

use super::derive_seed;
use super::pilot::PILOT;
use crate::case::Strategy;

/// The strategies, and the percentage of the runs that each gets if all yield the same.
pub const SHARES: [(Strategy, f64); 7] = [
    (Strategy::Pos { seed: 0 }, 30.0),
    (Strategy::Surw { seed: 0 }, 20.0),
    (Strategy::Burst { seed: 0 }, 16.0),
    (Strategy::Pct { seed: 0, depth: 10 }, 12.0),
    (Strategy::Sticky { seed: 0 }, 11.0),
    (Strategy::Random { seed: 0 }, 7.0),
    (Strategy::Pct { seed: 0, depth: 3 }, 4.0),
];

/// Runs with the yield of all that each strategy is taken to have had.
const PRIOR: f64 = 64.0;

/// Runs after which half of all that was counted is forgotten.
const WINDOW: f64 = 4096.0;

/// Deals runs out to strategies.
#[derive(Clone, Debug)]
pub struct Portfolio {
    /// The place in the shares, as a fraction of 2^64.
    place: u64,
    tallies: [Tally; SHARES.len()],
}

/// What a strategy did of late.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    runs: f64,
    new: f64,
}

impl Portfolio {
    /// The written shares, dealt from the place that belongs to the seed.
    pub fn new(seed: u64) -> Self {
        Portfolio { place: derive_seed(seed, 0), tallies: Default::default() }
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
        let same = |share: &(Strategy, f64)| share.0 == strategy.with_seed(0);
        if let Some(arm) = SHARES.iter().position(same) {
            self.tallies[arm].runs += 1.0;
            self.tallies[arm].new += f64::from(new);
        }
        if self.total().runs >= WINDOW {
            self.tallies.iter_mut().for_each(|tally| {
                tally.runs /= 2.0;
                tally.new /= 2.0;
            });
        }
    }

    /// The share of each strategy in the runs to come, in the order of [`SHARES`]; they add up to 1.
    pub fn shares(&self) -> [f64; SHARES.len()] {
        let all = self.total();
        let mean = all.new / all.runs.max(1.0);
        let yields = self.tallies.map(|t| (t.new + PRIOR * mean) / (t.runs + PRIOR));
        let weigh = |yields: [f64; SHARES.len()]| {
            let weights: [f64; SHARES.len()] =
                std::array::from_fn(|arm| SHARES[arm].1 * yields[arm]);
            let sum: f64 = weights.iter().sum();
            weights.map(|weight| weight / sum)
        };
        let written = weigh([1.0; SHARES.len()]);
        let earned = if mean > 0.0 { weigh(yields) } else { written };
        std::array::from_fn(|arm| (written[arm] + earned[arm]) / 2.0)
    }

    fn total(&self) -> Tally {
        self.tallies.iter().fold(Tally::default(), |sum, tally| Tally {
            runs: sum.runs + tally.runs,
            new: sum.new + tally.new,
        })
    }

    /// The strategy at a place between 0 and 1.
    fn at(&self, place: f64) -> Strategy {
        let mut end = 0.0;
        let is_there = |share: &f64| {
            end += share;
            place < end
        };
        let arm = self.shares().iter().position(is_there).unwrap_or(SHARES.len() - 1);
        SHARES[arm].0
    }
}
