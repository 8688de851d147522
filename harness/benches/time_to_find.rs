//! How long it takes to find each bug of the suite from nothing.
//!
//! For each bug and seed, a campaign without a corpus runs until it sees the bug's signature for the first
//! time. Printed are the median and the worst number of runs and seconds on one core, and how many seeds
//! missed the bug within the cap. The last line looks for something that must not be found.
//!
//! `cargo bench -p mmreap-harness --bench time_to_find [-- SEEDS [CAP_SECONDS]]`

use mmreap_harness::campaign::Campaign;
use mmreap_harness::campaign::suite::{Bug, SUITE};
use std::time::{Duration, Instant};

/// Seconds spent on looking for B04 on v4.15, for each seed.
const CLEAN_SECONDS: u64 = 3;

/// Runs and seconds until the bug was seen; `None` if the cap came first.
fn hunt(bug: &Bug, kernel: &str, seed: u64, cap: Duration) -> Option<(u64, f64)> {
    let revision = mmreap::revision::find(kernel).expect("the table has the kernel");
    let mut campaign = Campaign::new(revision, seed);
    let started = Instant::now();
    while started.elapsed() < cap {
        if campaign.step().is_some_and(|found| bug.is(&found.failure.signature)) {
            return Some((campaign.totals.runs, started.elapsed().as_secs_f64()));
        }
    }
    None
}

fn argument(position: usize, default: u64) -> u64 {
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    numbers.collect::<Vec<u64>>().get(position).copied().unwrap_or(default)
}

fn main() {
    let (seeds, cap) = (argument(0, 20), Duration::from_secs(argument(1, 120)));
    println!(
        "{:<10} {:<10} {:>7} {:>13} {:>11} {:>9} {:>8}",
        "bug", "kernel", "found", "median runs", "worst runs", "median s", "worst s"
    );
    for bug in &SUITE {
        let finds = (0..seeds).filter_map(|seed| hunt(bug, bug.kernel, seed, cap));
        report(bug, seeds, finds.collect());
    }
    let clean = Duration::from_secs(CLEAN_SECONDS);
    let b04 = SUITE.iter().find(|bug| bug.id == "B04").expect("the suite has B04");
    let found = (0..seeds).filter_map(|seed| hunt(b04, "v4.15", seed, clean)).count();
    println!("B04 on v4.15: found by {found} of {seeds} seeds in {CLEAN_SECONDS} s each");
}

fn report(bug: &Bug, seeds: u64, mut finds: Vec<(u64, f64)>) {
    finds.sort_by_key(|find| find.0);
    let middle = finds.get(finds.len() / 2).copied().unwrap_or_default();
    let worst = finds.last().copied().unwrap_or_default();
    let found = format!("{}/{seeds}", finds.len());
    println!(
        "{:<10} {:<10} {found:>7} {:>13} {:>11} {:>9.2} {:>8.2}",
        bug.id, bug.kernel, middle.0, worst.0, middle.1, worst.1
    );
}
