//! How many runs it takes to find known bugs, for each way to choose schedules.
//!
//! For each bug of the suite, each [`arm`] and each seed, a [`hunt`] runs cases made from nothing until the
//! bug shows, or the cap is reached. Everything is counted in runs, never in seconds, so the same bench has
//! the same report on every machine and with any number of threads. The statistics are those of
//! [`survival`] analysis, because a hunt that was given up says something, too.

pub mod arm;
pub mod cases;
mod chart;
pub mod crew;
pub mod html;
pub mod hunt;
mod key;
pub mod log_rank;
pub mod ratio;
pub mod report;
mod sheet;
pub mod survival;
pub mod table;

use arm::Arm;
use hunt::Hunt;
use mmreap_harness::campaign::suite::Bug;
use report::Report;
use std::io;
use std::num::NonZero;
use std::sync::atomic::AtomicBool;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The bugs; at least one.
    pub bugs: Vec<&'static Bug>,
    /// The ways to choose schedules; at least one.
    pub arms: Vec<&'static Arm>,
    /// The names of those that the others are compared with; one that does not take part counts for
    /// nothing.
    pub baselines: Vec<&'static str>,
    /// Hunts of each bug and arm, at least 1: with the seeds 0, 1, 2, …
    pub seeds: u64,
    /// Schedules of each case, at least 1. A campaign decides for itself how many it tries.
    pub schedules: u64,
    /// Runs after which a hunt is given up, at least 1.
    pub cap: u64,
}

impl Bench {
    /// All hunts: by bug, then by arm, then by seed.
    pub fn hunts(&self) -> Vec<Hunt> {
        let (schedules, cap) = (self.schedules, self.cap);
        let mut hunts = Vec::new();
        for bug in &self.bugs {
            for arm in &self.arms {
                hunts.extend((0..self.seeds).map(|seed| Hunt { bug, arm, seed, schedules, cap }));
            }
        }
        hunts
    }

    /// Hunts on so many threads, until the end or until `stop`. `progress` hears how many hunts ended since it
    /// was told last.
    ///
    /// # Errors
    ///
    /// If a thread cannot be started.
    pub fn run(
        &self,
        jobs: NonZero<usize>,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Report> {
        Ok(Report::new(self, &crew::share(&self.hunts(), jobs, stop, progress)?))
    }
}
