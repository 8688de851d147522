//! `mmreap sweep`: every call of every fault point fails once.

use super::{AS_EXPECTED, FOUND, Stop, parse_kernel, revision_of};
use crate::campaign::sweep::sweep;
use crate::corpus;
use crate::run::Runner;
use mmreap::revision::Revision;
use std::path::PathBuf;

/// Arguments of `mmreap sweep`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap sweep CASE.mmreap
  mmreap sweep CASE.mmreap --kernel v4.15")]
pub struct Arguments {
    /// A case file; its own faults are left out
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Run on this release or mutant
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
}

/// Sweeps one file. Exit code 1 if any run failed.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let case = corpus::load(&arguments.file)?;
    let revision = revision_of(&arguments.file, &case, arguments.kernel)?;
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
