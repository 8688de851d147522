//! `mmreap sweep`: every call of every fault point fails once.

use super::print::outln;
use super::{AS_EXPECTED, FOUND, OneCase, Stop};
use mmreap_harness::campaign::sweep::sweep;
use mmreap_harness::run::Runner;

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

/// Sweeps one file. Exit code 1 if any run failed, also the one without a fault.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (file, revision) = arguments.one.load()?;
    let result = sweep(&mut Runner::new(), &file.case, revision);
    if let Some(signature) = &result.without {
        outln!("without a fault: {signature}");
    }
    for (signature, (point, nth)) in &result.found {
        outln!("fault {} fail-nth {nth}: {signature}", point.name());
    }
    let (runs, failures) = (result.runs, result.found.len());
    let more = if result.without.is_some() { "further " } else { "" };
    outln!("{runs} calls failed, one in each run; {failures} {more}failures");
    Ok(if result.without.is_none() && failures == 0 { AS_EXPECTED } else { FOUND })
}
