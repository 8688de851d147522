//! What a bench came to, as a value: `table` and `html` write it for people, serde for machines.
//!
//! An arm of a bug is reported when all its seeds are through. With fewer, the quick hunts would be there
//! and the long ones missing.

use super::Bench;
use super::cpu::{Cost, Take};
use super::log_rank::{LogRank, log_rank};
use super::ratio::{Ratio, geometric_mean};
use super::survival::{Curve, Interval, Observation};
use mmreap_harness::campaign::suite::Bug;
use serde::Serialize;

/// The whole bench.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Seeds of each arm and bug.
    pub seeds: u64,
    /// The first of them; the others follow it.
    pub first_seed: u64,
    /// Schedules of each case.
    pub schedules: u64,
    /// Runs after which a hunt was given up.
    pub cap: u64,
    /// Whether nothing is missing because somebody interrupted.
    pub complete: bool,
    /// Baselines that took part.
    pub baselines: Vec<&'static str>,
    /// Bugs of which an arm is through.
    pub bugs: Vec<Panel>,
    /// How many bugs the means are over: those of which all arms are through.
    pub whole_bugs: usize,
    /// Each arm over those bugs; none if there is no such bug.
    pub means: Vec<Mean>,
}

/// One bug.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// Its name.
    pub bug: &'static str,
    /// The kernel that has it.
    pub kernel: &'static str,
    /// The arms that are through.
    pub arms: Vec<Row>,
}

/// One arm on one bug.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The arm.
    pub arm: &'static str,
    /// For each seed, the run that found the bug, or the cap.
    pub observations: Vec<Observation>,
    /// What they took of a processor, if somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Seeds that did not find it.
    pub missed: usize,
    /// Half of the seeds find the bug within so many runs; `None` if that takes more than the cap.
    pub median: Option<u64>,
    /// Where the median is with a confidence of 95 %.
    pub interval: Interval,
    /// Beside each baseline, in the order of [`Report::baselines`]; `None` beside itself, and if that is not
    /// through.
    pub versus: Vec<Option<Versus>>,
}

/// An arm beside a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Versus {
    /// Its median over the baseline's: below 1, it is faster.
    pub ratio: Ratio,
    /// Whether the two differ at all; `None` if neither found anything.
    pub test: Option<LogRank>,
    /// What a find takes of a processor over what it takes the baseline, if somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Ratio>,
}

/// One arm over all bugs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The arm.
    pub arm: &'static str,
    /// Seeds that did not find their bug.
    pub missed: usize,
    /// The geometric mean of the ratios to each baseline; `None` beside itself.
    pub versus: Vec<Option<Ratio>>,
    /// The same of what a find takes of a processor; empty if nobody asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<Option<Ratio>>,
}

impl Report {
    /// Sums up what the hunts of a bench came to, in the order of [`Bench::hunts`].
    pub fn new(bench: &Bench, results: &[Option<Take>]) -> Self {
        let is_arm = |name: &&str| bench.arms.iter().any(|arm| arm.name == *name);
        let baselines: Vec<&str> = bench.baselines.iter().copied().filter(is_arm).collect();
        let of_bugs = results.chunks(bench.arms.len() * bench.seed_count());
        let panels = bench.bugs.iter().zip(of_bugs);
        let panels = panels.map(|(bug, results)| Panel::new(bench, bug, &baselines, results));
        let bugs: Vec<Panel> = panels.filter(|panel| !panel.arms.is_empty()).collect();
        let is_whole = |panel: &&Panel| panel.arms.len() == bench.arms.len();
        let whole: Vec<&Panel> = bugs.iter().filter(is_whole).collect();
        let means = match whole.is_empty() {
            true => Vec::new(),
            false => (0..bench.arms.len()).map(|arm| Mean::new(&whole, arm)).collect(),
        };
        Report {
            seeds: bench.seed_count() as u64,
            first_seed: bench.seeds.start,
            schedules: bench.schedules,
            cap: bench.cap,
            complete: results.iter().all(Option::is_some),
            whole_bugs: whole.len(),
            baselines,
            means,
            bugs,
        }
    }
}

impl Panel {
    fn new(bench: &Bench, bug: &Bug, baselines: &[&str], results: &[Option<Take>]) -> Self {
        let of_arms = bench.arms.iter().zip(results.chunks(bench.seed_count()));
        let through = of_arms.filter_map(|(arm, results)| {
            let group: Option<Vec<Take>> = results.iter().copied().collect();
            Some(Row::new(arm.name, &group?, bench.cpu))
        });
        let mut arms: Vec<Row> = through.collect();
        let alone = arms.clone();
        for row in &mut arms {
            let beside = baselines.iter().map(|name| Versus::new(row, &alone, name, bench.cap));
            row.versus = beside.collect();
        }
        Panel { bug: bug.id, kernel: bug.kernel, arms }
    }
}

impl Row {
    /// Beside no baseline yet.
    fn new(arm: &'static str, takes: &[Take], cpu: bool) -> Self {
        let observations: Vec<Observation> = takes.iter().map(|take| take.runs).collect();
        let curve = Curve::of(&observations);
        Row {
            arm,
            cost: cpu.then(|| Cost::of(takes)),
            missed: observations.iter().filter(|it| !it.event).count(),
            median: curve.median(),
            interval: curve.median_interval(),
            versus: Vec::new(),
            observations,
        }
    }
}

impl Versus {
    /// `None` if the baseline is the arm itself, or is not through.
    fn new(arm: &Row, rows: &[Row], baseline: &str, cap: u64) -> Option<Self> {
        let baseline = rows.iter().find(|row| row.arm == baseline && row.arm != arm.arm)?;
        Some(Versus {
            ratio: Ratio::of(arm.median, baseline.median, cap),
            test: log_rank(&arm.observations, &baseline.observations),
            cost: arm.cost.zip(baseline.cost).map(|(own, other)| own.over(other)),
        })
    }
}

impl Mean {
    /// Of an arm by its position, over bugs of which every arm is through.
    fn new(panels: &[&Panel], arm: usize) -> Self {
        let rows: Vec<&Row> = panels.iter().map(|panel| &panel.arms[arm]).collect();
        let mean = |of: fn(Versus) -> Option<Ratio>| {
            let baselines = 0..rows[0].versus.len();
            let of_baseline = |baseline: usize| {
                let ratios = rows.iter().filter_map(|row| row.versus[baseline].and_then(of));
                geometric_mean(&ratios.collect::<Vec<_>>())
            };
            baselines.map(of_baseline).collect::<Vec<_>>()
        };
        let has_cost = rows.iter().all(|row| row.cost.is_some());
        Mean {
            arm: rows[0].arm,
            missed: rows.iter().map(|row| row.missed).sum(),
            versus: mean(|versus| Some(versus.ratio)),
            cost: if has_cost { mean(|versus| versus.cost) } else { Vec::new() },
        }
    }
}
