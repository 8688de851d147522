//! Survival analysis: how long until an event, when some subjects are let go before it came.
//!
//! The estimate is Kaplan's and Meier's ("Nonparametric Estimation from Incomplete Observations", JASA 53,
//! 1958), with Greenwood's variance. The interval of the median is Brookmeyer's and Crowley's ("A Confidence
//! Interval for the Median Survival Time", Biometrics 38, 1982) on the log-log scale, which stays between 0
//! and 1 and is good for small groups. Knows nothing of runs and bugs.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};
use std::f64::consts::LN_2;

/// How sure the interval of a median is.
const CONFIDENCE: f64 = 0.95;

/// Survival is a product of fractions: a half may come out as a little more than a half.
const ROUNDING: f64 = 1e-9;

/// One subject: when it was seen last, and whether the event came then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// In whatever unit; runs, here.
    pub time: u64,
    /// Whether the event came; if not, the subject was let go (censored).
    pub event: bool,
}

/// What happened at a time at which events came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The time.
    pub time: u64,
    /// Subjects that had been neither struck nor let go before.
    pub at_risk: u64,
    /// How many of them were struck.
    pub events: u64,
    /// The estimated share of subjects that get beyond this time, 0 to 1.
    pub survival: f64,
    /// Greenwood's variance of the logarithm of `survival`; infinite where nobody survives.
    pub variance: f64,
}

/// A confidence interval for a time. Where an end is missing, the data does not bound it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: Option<u64>,
    /// The upper end.
    pub high: Option<u64>,
}

/// The estimated share of subjects that survive, as a step function of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// By time. Before the first, everybody survives.
    pub steps: Vec<Step>,
}

impl Curve {
    /// The curve of a group.
    pub fn of(group: &[Observation]) -> Self {
        let (mut survival, mut variance) = (1.0, 0.0);
        let steps = event_times(group).into_iter().map(|time| {
            let (at_risk, events) = count(group, time);
            let (n, d) = (at_risk as f64, events as f64);
            survival *= (n - d) / n;
            variance += d / (n * (n - d));
            Step { time, at_risk, events, survival, variance }
        });
        Curve { steps: steps.collect() }
    }

    /// The first time beyond which no more than half survive; `None` if more than half survive all.
    pub fn median(&self) -> Option<u64> {
        let half = |step: &&Step| step.survival <= 0.5 + ROUNDING;
        self.steps.iter().find(half).map(|step| step.time)
    }

    /// The times at which a survival of one half is within the band of 95 % around the curve.
    pub fn median_interval(&self) -> Interval {
        let first = |is_end: fn(&Step) -> bool| {
            self.steps.iter().find(|step| is_end(step)).map(|step| step.time)
        };
        Interval {
            low: first(|step| step.survival == 0.0 || step.log_log(quantile()) >= LN_2.ln()),
            high: first(|step| step.survival > 0.0 && step.log_log(-quantile()) > LN_2.ln()),
        }
    }
}

impl Step {
    /// ln(-ln S), and so many standard errors more. It grows as survival falls.
    fn log_log(&self, errors: f64) -> f64 {
        let hazard = -self.survival.ln();
        hazard.ln() + errors * self.variance.sqrt() / hazard
    }
}

/// How many standard errors the interval is wide on each side.
fn quantile() -> f64 {
    Normal::standard().inverse_cdf((1.0 + CONFIDENCE) / 2.0)
}

/// The times at which events came, each once, in order.
pub fn event_times(group: &[Observation]) -> Vec<u64> {
    let mut times: Vec<u64> = group.iter().filter(|it| it.event).map(|it| it.time).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// The subjects at risk at a time, and those of them that are struck then.
pub fn count(group: &[Observation], time: u64) -> (u64, u64) {
    let at_risk = group.iter().filter(|it| it.time >= time);
    let struck = group.iter().filter(|it| it.event && it.time == time);
    (at_risk.count() as u64, struck.count() as u64)
}
