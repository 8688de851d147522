//! `mmreap nightly`: a night, and its report.

use super::print::outln;
use super::{AS_EXPECTED, FOUND, STOPPED, Stop, catch_interrupts};
use crate::report;
use indicatif::ProgressBar;
use mmreap_harness::campaign::nightly::{Budget, Night, Settings, night};
use mmreap_harness::corpus::{self, shown};
use mmreap_harness::deadline::Deadline;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::thread::Builder;
use std::time::Duration;

/// Arguments of `mmreap nightly`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap nightly --time 8h
  mmreap nightly --time 5m --corpus corpus --report night --seed 7

Ctrl-C ends the night, which is reported as far as it came.")]
pub struct Arguments {
    /// How long campaigns and minimising together may take, after the corpus was replayed (60s, 10m, 8h)
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

/// Spends the night. Exit code 1 if somebody has to look at the report, 3 if there is nothing to look at but the
/// night was interrupted.
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
    // The bar moves in a thread of its own, and panics where the machine has none to give.
    if Builder::new().spawn(|| ()).is_ok() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    let interrupted = catch_interrupts()?;
    let end = Deadline::flag(&interrupted);
    let night = night(&settings, end, &mut |doing| bar.set_message(doing.to_string()))?;
    bar.finish_and_clear();
    report::write(&night, &arguments.report)?;
    conclude(arguments, &night);
    Ok(match (night.complaints().is_empty(), night.is_called_off) {
        (false, _) => FOUND,
        (true, true) => STOPPED,
        (true, false) => AS_EXPECTED,
    })
}

fn conclude(arguments: &Arguments, night: &Night) {
    for line in night.complaints() {
        outln!("{line}");
    }
    let color = night.color();
    let report = arguments.report.join("report.md");
    let runs: u64 = night.shares.iter().map(|share| share.totals.runs).sum();
    outln!(
        "{color}: {} replays, {runs} runs, seed {}; see {}",
        night.replays.len(),
        night.seed,
        shown(&report)
    );
}
