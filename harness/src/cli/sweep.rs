//! `mmreap sweep`: every call of every fault point fails once.

use super::{AS_EXPECTED, FOUND, OneCase, Stop};
use crate::campaign::sweep::sweep;
use crate::run::Runner;

/// Arguments of `mmreap sweep`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap sweep CASE.mmreap
  mmreap sweep CASE.mmreap --kernel v4.15")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
}

/// Sweeps one file. Exit code 1 if any run failed.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (case, revision) = arguments.one.load()?;
    let result = sweep(&mut Runner::new(), &case, revision);
    for (signature, (point, nth)) in &result.found {
        anstream::println!("fault {} fail-nth {nth}: {signature}", point.name());
    }
    anstream::println!(
        "{} calls failed, one in each run; {} failures",
        result.runs,
        result.found.len()
    );
    Ok(if result.found.is_empty() { AS_EXPECTED } else { FOUND })
}
