//! The log-rank test: do two groups survive alike?
//!
//! Mantel, "Evaluation of Survival Data and Two New Rank Order Statistics Arising in Its Consideration",
//! Cancer Chemotherapy Reports 50, 1966. At each time of an event, the events of one group are compared with
//! what its share of the subjects at risk makes expect. It sees who comes first, not by how much. It takes
//! the groups to be independent; where subjects of both groups are alike (here: the same cases), it claims
//! too little rather than too much.

use super::survival::{Observation, count, event_times};
use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogRank {
    /// The statistic: chi-square with one degree of freedom if the groups survive alike.
    pub chi_square: f64,
    /// How often groups that survive alike come to such a difference, or a greater one.
    pub p: f64,
}

/// Compares two groups; `None` if there is no event that either group could have had.
pub fn log_rank(one: &[Observation], other: &[Observation]) -> Option<LogRank> {
    let both = [one, other].concat();
    let (mut excess, mut variance) = (0.0, 0.0);
    for time in event_times(&both) {
        let (at_risk, events) = count(&both, time);
        let (own_at_risk, own_events) = count(one, time);
        let (n, d) = (at_risk as f64, events as f64);
        let share = own_at_risk as f64 / n;
        excess += own_events as f64 - d * share;
        if at_risk > 1 {
            variance += d * share * (1.0 - share) * (n - d) / (n - 1.0);
        }
    }
    let chi_square = (variance > 0.0).then(|| excess * excess / variance)?;
    let null = ChiSquared::new(1.0).expect("one degree of freedom is a number above 0");
    Some(LogRank { chi_square, p: null.sf(chi_square) })
}
