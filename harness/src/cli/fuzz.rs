//! `mmreap fuzz`: a campaign on one revision.

use super::{AS_EXPECTED, FOUND, Stop, catch_interrupts, parse_kernel, print_json, write_or_show};
use crate::campaign::known::Known;
use crate::campaign::{Campaign, Found};
use crate::case::{Case, Expect, Signature};
use crate::corpus;
use indicatif::{ProgressBar, ProgressStyle};
use mmreap::revision::Revision;
use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Arguments of `mmreap fuzz`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap fuzz
  mmreap fuzz --kernel v4.15 --time 10m --corpus findings
  mmreap fuzz --kernel v4.13 --runs 100000 --seed 7")]
pub struct Arguments {
    /// The release or mutant to attack
    #[arg(long, value_name = "REV", default_value = "v4.14", value_parser = parse_kernel)]
    kernel: &'static Revision,
    /// Stop after this time (60s, 10m, 8h); the default if --runs is not given either is 60s
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Stop after so many runs
    #[arg(long, value_name = "N", conflicts_with = "time")]
    runs: Option<u64>,
    /// Where all chance comes from; the same seed and --runs find the same
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where cases are written; those that are there already count as known
    #[arg(long, value_name = "DIR", default_value = "findings")]
    corpus: PathBuf,
    /// Stop at the first new failure
    #[arg(long)]
    first: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary {
    kernel: &'static str,
    seed: u64,
    runs: u64,
    cases: u64,
    failures: u64,
    seconds: f64,
    found: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    signature: String,
    file: PathBuf,
    runs: u64,
    seconds: f64,
}

struct Session<'a> {
    arguments: &'a Arguments,
    campaign: Campaign,
    seed: u64,
    started: Instant,
    interrupted: Arc<AtomicBool>,
    bar: ProgressBar,
    found: Vec<Finding>,
}

/// Runs the campaign to its limit, or until Ctrl-C.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    corpus::check_writable(&arguments.corpus)?;
    let seed = arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    let mut campaign = Campaign::new(arguments.kernel, seed);
    for signature in Known::load(&arguments.corpus)?.on(arguments.kernel.name) {
        campaign.know(signature.clone());
    }
    let mut session = Session {
        arguments,
        campaign,
        seed,
        started: Instant::now(),
        interrupted: catch_interrupts()?,
        bar: progress_bar(),
        found: Vec::new(),
    };
    session.greet();
    let code = session.attack();
    session.bar.finish_and_clear();
    session.conclude();
    code
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}");
    let bar = ProgressBar::new_spinner();
    bar.set_style(style.expect("the template is well-formed"));
    bar
}

impl Session<'_> {
    fn greet(&self) {
        if !self.arguments.json {
            let (kernel, seed) = (self.arguments.kernel.name, self.seed);
            anstream::println!(
                "attacking {kernel}, seed {seed}; Ctrl-C stops and keeps what was found"
            );
        }
    }

    fn attack(&mut self) -> Result<u8, Stop> {
        while !self.is_over() {
            if let Some(found) = self.campaign.step() {
                self.keep(&found)?;
                if self.arguments.first {
                    break;
                }
            }
            self.show_progress("");
        }
        Ok(if self.found.is_empty() { AS_EXPECTED } else { FOUND })
    }

    fn is_over(&self) -> bool {
        let limit = self.arguments.time.unwrap_or(Duration::from_secs(60));
        self.interrupted.load(Ordering::SeqCst)
            || match self.arguments.runs {
                Some(runs) => self.campaign.totals.runs >= runs,
                None => self.started.elapsed() >= limit,
            }
    }

    fn show_progress(&self, doing: &str) {
        let totals = self.campaign.totals;
        let rate = totals.runs as f64 / self.started.elapsed().as_secs_f64();
        self.bar.set_message(format!(
            "{rate:.0} runs/s, {} cases, {} signatures{doing}",
            totals.cases,
            self.campaign.seen().len()
        ));
        self.bar.tick();
    }

    /// Writes the case at once, then again when it is small: whatever interrupts, it is not lost.
    fn keep(&mut self, found: &Found) -> Result<(), Stop> {
        let signature = found.failure.signature.clone();
        let path = self.arguments.corpus.join(corpus::file_name(&found.case, &signature));
        let runs = self.campaign.totals.runs;
        let seconds = self.started.elapsed().as_secs_f64();
        let mut raw = found.case.clone();
        raw.expect = Some(Expect::Fail(signature.clone()));
        write_or_show(&path, &raw)?;
        self.show_progress(", minimising");
        let small = self.campaign.finish(found, &mut |_| ());
        write_or_show(&path, &small)?;
        self.report(&signature, &small, &path);
        self.found.push(Finding { signature: signature.to_string(), file: path, runs, seconds });
        Ok(())
    }

    fn report(&mut self, signature: &Signature, small: &Case, path: &Path) {
        if self.arguments.json {
            return;
        }
        let text = super::explain::of_case(&mut self.campaign.runner, small, self.arguments.kernel);
        let place = path.display();
        let text = text.unwrap_or_else(|| format!("{signature}\n"));
        self.bar.suspend(|| anstream::println!("\n{text}\nwritten to {place}"));
    }

    fn conclude(&mut self) {
        let totals = self.campaign.totals;
        let seconds = self.started.elapsed().as_secs_f64();
        if self.arguments.json {
            return print_json(&Summary {
                kernel: self.arguments.kernel.name,
                seed: self.seed,
                runs: totals.runs,
                cases: totals.cases,
                failures: totals.failures,
                seconds,
                found: std::mem::take(&mut self.found),
            });
        }
        anstream::println!(
            "\n{} runs of {} cases in {seconds:.1} s: {} new failures, {} signatures in all",
            totals.runs,
            totals.cases,
            self.found.len(),
            self.campaign.seen().len()
        );
    }
}
