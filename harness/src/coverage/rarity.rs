//! How rare it is what a run shows.
//!
//! Whether a run shows anything new soon says little: at first everything is new, later hardly anything. How
//! often each feature was seen says more, and for longer. A feature that n runs had, the latest included, is
//! worth 1/n, and a run what its features are worth.

use super::map::SIZE;

/// How often each feature was seen.
pub struct Rarity {
    seen: Box<[Seen]>,
    run: u32,
}

/// The runs that had a feature.
#[derive(Clone, Copy, Default)]
struct Seen {
    runs: u32,
    latest: u32,
}

impl Rarity {
    /// From here on features are those of another run.
    pub fn begin_run(&mut self) {
        self.run += 1;
    }

    /// Adds a feature of the run: what it is worth, or nothing if the run has had it before.
    pub fn add(&mut self, feature: usize) -> f64 {
        let seen = &mut self.seen[feature % SIZE];
        if seen.latest == self.run {
            return 0.0;
        }
        *seen = Seen { runs: seen.runs + 1, latest: self.run };
        1.0 / f64::from(seen.runs)
    }
}

impl Default for Rarity {
    fn default() -> Self {
        Rarity { seen: vec![Seen::default(); SIZE].into(), run: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_worth_less_with_every_run_and_counts_once_in_each() {
        let mut rarity = Rarity::default();
        let mut run = |features: &[usize]| {
            rarity.begin_run();
            features.iter().map(|&feature| rarity.add(feature)).sum::<f64>()
        };
        assert_eq!(run(&[3, 4, 3]), 2.0);
        assert_eq!(run(&[3, 3, 3]), 0.5);
        assert_eq!(run(&[3, 4, SIZE - 1]), 1.0 / 3.0 + 0.5 + 1.0);
        assert_eq!(run(&[]), 0.0);
    }
}
