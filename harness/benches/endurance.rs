//! Does anything grow? The seed's scenario ten million times in one process.
//!
//! Printed are runs per second and resident memory over the first million runs, over the last, and in
//! between. It fails if the process has more than 200 MB, or more than a tenth above what it had after the
//! first million.
//!
//! `cargo bench -p mmreap-harness --bench endurance [-- RUNS]`

#[path = "seed_scenario/subject.rs"]
mod subject;

use std::process::ExitCode;
use std::time::Instant;
use subject::Subject;

/// Runs, unless the command line says how many.
const RUNS: u64 = 10_000_000;

/// Parts of the whole that are measured.
const PARTS: u64 = 10;

/// Resident memory that is too much, in kB.
const LIMIT: u64 = 200 * 1024;

/// Resident memory in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect("the kernel says how much is resident")
}

fn main() -> ExitCode {
    let argument = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let part = argument.unwrap_or(RUNS).div_ceil(PARTS);
    let mut subject = Subject::new();
    let mut sizes = Vec::new();
    for number in 1..=PARTS {
        let start = Instant::now();
        let runs = u32::try_from(part).expect("fewer than 2^32 runs in each part");
        subject.run(runs);
        let speed = part as f64 / start.elapsed().as_secs_f64();
        sizes.push(resident());
        let (done, size) = (number * part, sizes[sizes.len() - 1]);
        println!("{done:10} runs  {speed:9.0} runs/s  {size:7} kB resident");
    }
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    if last > LIMIT || last > first + first / 10 {
        println!("memory grows: {first} kB, then {last} kB; {LIMIT} kB are too much");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
