//! How many runs it takes to find known bugs, for each way to choose schedules.
//!
//! For each bug of the suite, each [`arm`] and each seed, a [`hunt`] runs cases made from nothing until the
//! bug shows, or the cap is reached. What is counted in runs is the same on every machine and with any number of
//! threads. What a hunt takes of a processor is measured, too ([`cpu`]): a run of one arm may cost as much as four of
//! another. The statistics are those of [`survival`] analysis, because a hunt that was given up says something, too.

pub mod arm;
pub mod cases;
mod chart;
pub mod cpu;
pub mod crew;
pub mod html;
pub mod hunt;
mod key;
pub mod ledger;
pub mod log_rank;
pub mod ratio;
pub mod report;
mod sheet;
pub mod survival;
pub mod table;

use arm::Arm;
use cpu::Take;
use hunt::Hunt;
use ledger::Ledger;
use mmreap_harness::campaign::suite::Bug;
use report::Report;
use std::io;
use std::num::NonZero;
use std::ops::Range;
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
    /// The seeds of the hunts of each bug and arm; at least one.
    pub seeds: Range<u64>,
    /// Schedules of each case, at least 1. A campaign decides for itself how many it tries.
    pub schedules: u64,
    /// Runs after which a hunt is given up, at least 1.
    pub cap: u64,
    /// Whether what hunts took of a processor is reported.
    pub cpu: bool,
}

impl Bench {
    /// How many hunts each arm has of each bug.
    fn seed_count(&self) -> usize {
        (self.seeds.end - self.seeds.start) as usize
    }

    /// All hunts: by bug, then by arm, then by seed.
    pub fn hunts(&self) -> Vec<Hunt> {
        let (schedules, cap) = (self.schedules, self.cap);
        let mut hunts = Vec::new();
        for bug in &self.bugs {
            for arm in &self.arms {
                let seeds = self.seeds.clone();
                hunts.extend(seeds.map(|seed| Hunt { bug, arm, seed, schedules, cap }));
            }
        }
        hunts
    }

    /// Hunts on so many threads, until the end or until `stop`. What the ledger has is taken from it, and what
    /// comes to an end is written into it. `progress` hears how many hunts ended since it was told last.
    ///
    /// # Errors
    ///
    /// If a thread cannot be started, or the ledger cannot be written.
    pub fn run(
        &self,
        jobs: NonZero<usize>,
        stop: &AtomicBool,
        ledger: &mut Ledger,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Report> {
        let hunts = self.hunts();
        let mut results: Vec<Option<Take>> = hunts.iter().map(|hunt| ledger.find(hunt)).collect();
        let missing: Vec<usize> = (0..hunts.len()).filter(|&it| results[it].is_none()).collect();
        progress((hunts.len() - missing.len()) as u64);
        let left: Vec<Hunt> = missing.iter().map(|&index| hunts[index]).collect();
        crew::share(&left, jobs, stop, &mut |ended| match ended {
            Some((index, take)) => {
                results[missing[index]] = Some(take);
                progress(1);
                ledger.add(&left[index], take)
            }
            None => {
                progress(0);
                Ok(())
            }
        })?;
        Ok(Report::new(self, &results))
    }
}
