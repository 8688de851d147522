//! How long it takes to find the known bugs of the first releases from nothing.
//!
//! For each bug and seed, a campaign without a corpus runs until it sees the bug's signature for the first
//! time. Printed are the median and the worst number of runs and seconds on one core, and how many seeds
//! missed the bug within the cap. The last line looks for something that must not be found.
//!
//! `cargo bench -p mmreap-harness --bench time_to_find [-- SEEDS [CAP_SECONDS]]`

use mmreap_harness::campaign::Campaign;
use mmreap_harness::case::Signature;
use std::time::{Duration, Instant};

/// A bug, and how its signature is recognised: oracle, then the start of each site.
struct Bug {
    id: &'static str,
    kernel: &'static str,
    oracle: &'static [&'static str],
    sites: &'static [&'static str],
}

const BUGS: [Bug; 6] = [
    Bug {
        id: "B04",
        kernel: "v4.14",
        oracle: &["O-PT-UAF", "O-VMA-UAF"],
        sites: &["__oom_reap_task_mm", "exit_mmap"],
    },
    Bug {
        id: "B05",
        kernel: "v4.14",
        oracle: &["O-PT-UAF"],
        sites: &["exit_mmap", "__oom_reap_task_mm"],
    },
    Bug {
        id: "B05",
        kernel: "v4.15",
        oracle: &["O-PT-UAF"],
        sites: &["exit_mmap", "__oom_reap_task_mm"],
    },
    Bug {
        id: "B02",
        kernel: "v4.13",
        oracle: &["O-SPUR"],
        sites: &["oom_reap_task", "__oom_reap_task_mm/skip(no_users)"],
    },
    Bug {
        id: "B06/B07",
        kernel: "v4.9",
        oracle: &["O-DATA"],
        sites: &["handle_mm_fault", "__oom_reap_task_mm"],
    },
    Bug {
        id: "B01 (M01)",
        kernel: "v4.13+M01",
        oracle: &["O-LIVE"],
        sites: &["exit_aio", "out_of_memory"],
    },
];

/// Seconds spent on looking for B04 on v4.15, for each seed.
const CLEAN_SECONDS: u64 = 3;

impl Bug {
    fn is(&self, signature: &Signature) -> bool {
        self.oracle.contains(&&*signature.oracle) && signature.sites == self.sites
    }
}

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
    for bug in &BUGS {
        let finds = (0..seeds).filter_map(|seed| hunt(bug, bug.kernel, seed, cap));
        report(bug, seeds, finds.collect());
    }
    let clean = Duration::from_secs(CLEAN_SECONDS);
    let found = (0..seeds).filter_map(|seed| hunt(&BUGS[0], "v4.15", seed, clean)).count();
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
