//! `mmreap bench`: how many runs it takes to find known bugs, and what a way to choose schedules gains.

use super::print::{beside, is_standard_output, write};
use super::{
    AS_EXPECTED, MOST_JOBS, Stop, cannot_start, catch_interrupts, check_apart, print_json, unknown,
};
use crate::bench::arm::{ARMS, BASELINES};
use crate::bench::{Bench, html, table};
use indicatif::{ProgressBar, ProgressStyle};
use mmreap_harness::campaign::RUNS_PER_CASE;
use mmreap_harness::campaign::suite::SUITE;
use mmreap_harness::corpus;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Arguments of `mmreap bench`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Everything is counted in runs: the same arguments give the same report, byte for byte, with any \
number of jobs. Ctrl-C ends the bench and reports what is complete.

Examples:
  mmreap bench
  mmreap bench --bug B04 --arm stock-random --arm pos --seeds 100
  mmreap bench --arm blind --arm guided --baseline blind
  mmreap bench --cap 100000 --html bench.html --json > bench.json")]
pub struct Arguments {
    /// A bug to hunt, on every kernel of the suite that has it [default: all]
    #[arg(long = "bug", value_name = "ID", value_parser = parse_bug)]
    bugs: Vec<&'static str>,
    /// A way to choose schedules; compared with stock-random and stock-pct3 if they take part [default: all]
    #[arg(long = "arm", value_name = "NAME", value_parser = parse_arm)]
    arms: Vec<&'static str>,
    /// An arm to compare the others with [default: stock-random and stock-pct3]
    #[arg(long = "baseline", value_name = "NAME", value_parser = parse_arm)]
    baselines: Vec<&'static str>,
    /// Hunts of each bug by each arm
    #[arg(long, value_name = "N", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    seeds: u64,
    /// Schedules of each case; patient arms and campaigns decide for themselves
    #[arg(long, value_name = "N", default_value_t = RUNS_PER_CASE)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    schedules: u64,
    /// Runs after which a hunt is given up
    #[arg(long, value_name = "RUNS", default_value_t = 20_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    cap: u64,
    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_JOBS))]
    jobs: Option<u16>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write the report as a page, with survival curves; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// More seeds than anybody has the time for.
const MOST_SEEDS: u64 = 1_000_000;

/// Hunts, and prints the report. The page comes last: if it cannot be written, nothing is lost.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let page = arguments.html.as_deref();
    check_apart(arguments.json, page)?;
    page.filter(|path| !is_standard_output(path)).map_or(Ok(()), corpus::check_output)?;
    let bench = arguments.bench();
    let jobs = arguments.jobs.and_then(|jobs| NonZero::new(jobs.into()));
    let jobs = jobs.or(available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let bar = progress_bar(bench.hunts().len());
    let report = bench.run(jobs, &*catch_interrupts()?, &mut |hunts| {
        bar.inc(hunts);
        bar.tick();
    });
    bar.finish_and_clear();
    let report = report.map_err(|error| cannot_start("a thread", &error))?;
    if arguments.json {
        print_json(&report);
    } else {
        beside(page, format_args!("{}", table::render(&report)));
    }
    if let Some(path) = page {
        write(path, &html::render(&report))?;
    }
    Ok(AS_EXPECTED)
}

impl Arguments {
    fn bench(&self) -> Bench {
        let is_asked = |asked: &[&str], name| asked.is_empty() || asked.contains(&name);
        let bugs = SUITE.iter().filter(|bug| is_asked(&self.bugs, bug.id)).collect();
        let arms = ARMS.iter().filter(|arm| is_asked(&self.arms, arm.name)).collect();
        let asked = self.baselines.clone();
        let baselines = if asked.is_empty() { BASELINES.to_vec() } else { asked };
        let Arguments { seeds, schedules, cap, .. } = *self;
        Bench { bugs, arms, baselines, seeds, schedules, cap }
    }
}

fn progress_bar(hunts: usize) -> ProgressBar {
    let template = "{spinner} {elapsed_precise} {wide_bar} {pos}/{len} hunts";
    let bar = ProgressBar::new(hunts as u64);
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well-formed"));
    bar
}

fn parse_bug(name: &str) -> Result<&'static str, String> {
    let mut ids: Vec<&str> = SUITE.iter().map(|bug| bug.id).collect();
    ids.dedup();
    known("bug", name, &ids)
}

fn parse_arm(name: &str) -> Result<&'static str, String> {
    let names: Vec<&str> = ARMS.iter().map(|arm| arm.name).collect();
    known("arm", name, &names)
}

fn known(kind: &str, name: &str, known: &[&'static str]) -> Result<&'static str, String> {
    let found = known.iter().find(|known| **known == name);
    found.copied().ok_or_else(|| unknown(kind, name, known))
}
