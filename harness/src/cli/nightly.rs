//! `mmreap nightly`: a night, and its report.

use super::print::outln;
use super::{AS_EXPECTED, FOUND, Stop};
use crate::campaign::nightly::{Budget, Night, Settings, night};
use crate::corpus::{self, shown};
use indicatif::ProgressBar;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `mmreap nightly`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap nightly --time 8h
  mmreap nightly --time 5m --corpus corpus --report night --seed 7")]
pub struct Arguments {
    /// How long all campaigns together may take (60s, 10m, 8h)
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    #[arg(value_parser = humantime::parse_duration)]
    time: Duration,
    /// The cases to replay; what they expect is not reported again
    #[arg(long, value_name = "DIR", default_value = "corpus")]
    corpus: PathBuf,
    /// Where report.md, junit.xml and new cases are written
    #[arg(long, value_name = "DIR", default_value = "night")]
    report: PathBuf,
    /// Where all chance comes from
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Spends the night. Exit code 1 if somebody has to look at the report.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    if !arguments.corpus.is_dir() {
        return Err(Stop(format!("error: there is no directory {}", shown(&arguments.corpus))));
    }
    corpus::check_writable(&arguments.report)?;
    let settings = Settings {
        budget: Budget::Time(arguments.time),
        corpus: arguments.corpus.clone(),
        seed: arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0)),
    };
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let night = night(&settings, &mut |doing| bar.set_message(doing.to_string()))?;
    bar.finish_and_clear();
    night.write(&arguments.report)?;
    conclude(arguments, &night);
    Ok(if night.is_green() { AS_EXPECTED } else { FOUND })
}

fn conclude(arguments: &Arguments, night: &Night) {
    for line in night.complaints() {
        outln!("{line}");
    }
    let color = if night.is_green() { "green" } else { "red" };
    let report = arguments.report.join("report.md");
    let runs: u64 = night.shares.iter().map(|share| share.totals.runs).sum();
    outln!(
        "{color}: {} replays, {runs} runs, seed {}; see {}",
        night.replays.len(),
        night.seed,
        shown(&report)
    );
}
