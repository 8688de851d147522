//! `mmreap bench`: how many runs it takes to find known bugs, and what a way to choose schedules gains.

use super::print::{beside, errln, is_standard_output, write};
use super::{AS_EXPECTED, MOST_JOBS, Stop, catch_interrupts, check_apart, print_json, unknown};
use crate::bench::arm::{ARMS, BASELINES};
use crate::bench::ledger::Ledger;
use crate::bench::{Bench, html, table};
use indicatif::{ProgressBar, ProgressStyle};
use mmreap_harness::campaign::RUNS_PER_CASE;
use mmreap_harness::campaign::suite::SUITE;
use mmreap_harness::corpus::{self, shown};
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// Arguments of `mmreap bench`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
What is counted in runs is the same with the same arguments, byte for byte, with any number of jobs. \
Ctrl-C ends the bench and reports what is complete; with --keep, it goes on from there.

Examples:
  mmreap bench
  mmreap bench --bug B04 --arm stock-random --arm pos --seeds 100
  mmreap bench --arm blind --arm guided --baseline blind --cpu
  mmreap bench --seeds 30..60 --keep hunts.jsonl
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
    /// Hunts of each bug by each arm: so many, or those with the seeds from A to below B
    #[arg(long, value_name = "N|A..B", default_value = "30", value_parser = parse_seeds)]
    seeds: Range<u64>,
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
    /// Report what hunts take of a processor, too; that differs from time to time
    #[arg(long)]
    cpu: bool,
    /// Keep each hunt in this file as it ends, and take what this program has put there before
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
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
    let mut ledger = ledger(arguments.keep.as_deref())?;
    let mut progress = Progress::of(bench.hunts().len());
    let stop = catch_interrupts()?;
    let report = bench.run(jobs, &stop, &mut ledger, &mut |hunts| progress.add(hunts));
    progress.bar.finish_and_clear();
    let report = report.map_err(|error| Stop(format!("error: the bench cannot go on: {error}")))?;
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
        let Arguments { schedules, cap, cpu, .. } = *self;
        Bench { bugs, arms, baselines, seeds: self.seeds.clone(), schedules, cap, cpu }
    }
}

fn ledger(path: Option<&Path>) -> Result<Ledger, Stop> {
    let opened = path.map_or_else(|| Ok(Ledger::default()), Ledger::open);
    let file = path.map_or_else(String::new, shown);
    opened.map_err(|error| Stop(format!("error: cannot keep hunts in {file}: {error}")))
}

/// Between two lines about how far it is, where nobody sees a bar.
const LINES: Duration = Duration::from_secs(10);

/// A bar on a terminal, and lines elsewhere.
struct Progress {
    bar: ProgressBar,
    told: Instant,
}

impl Progress {
    fn of(hunts: usize) -> Self {
        let template = "{spinner} {elapsed_precise} {wide_bar} {pos}/{len} hunts";
        let bar = ProgressBar::new(hunts as u64);
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well-formed"));
        Progress { bar, told: Instant::now() }
    }

    fn add(&mut self, hunts: u64) {
        self.bar.inc(hunts);
        self.bar.tick();
        if self.bar.is_hidden() && self.told.elapsed() >= LINES {
            self.told = Instant::now();
            errln!("{}/{} hunts", self.bar.position(), self.bar.length().unwrap_or(0));
        }
    }
}

/// So many seeds, or those of a range.
fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.parse().ok().filter(|&number| number <= MOST_SEEDS);
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
        None => number(text).map(|to| 0..to),
    };
    let range = range.filter(|range| !range.is_empty());
    range.ok_or_else(|| {
        format!("a number such as `30`, or a range such as `30..60`, up to {MOST_SEEDS}")
    })
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
