//! `mmreap explain`: why a case fails.

use super::{AS_EXPECTED, FOUND, Stop, parse_kernel, revision_of};
use crate::case::Case;
use crate::corpus;
use crate::run::Runner;
use mmreap::revision::Revision;
use mmreap::world::world;
use std::path::PathBuf;

/// Arguments of `mmreap explain`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap explain corpus/CASE.mmreap
  mmreap explain CASE.mmreap --kernel v4.15")]
pub struct Arguments {
    /// A case file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Explain what happens on this release or mutant
    #[arg(long, value_name = "REV", value_parser = parse_kernel)]
    kernel: Option<&'static Revision>,
}

/// Explains one file. Exit code 1 if the case fails otherwise than it says.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let case = corpus::load(&arguments.file)?;
    let revision = revision_of(&arguments.file, &case, arguments.kernel)?;
    match of_case(&mut Runner::new(), &case, revision) {
        Some(text) => {
            anstream::print!("{text}");
            Ok(AS_EXPECTED)
        }
        None => {
            anstream::println!("{} passes on {}", arguments.file.display(), revision.name);
            Ok(if corpus::expected(&case).is_some() && arguments.kernel.is_none() {
                FOUND
            } else {
                AS_EXPECTED
            })
        }
    }
}

/// The explanation of a case that fails on the revision.
pub(super) fn of_case(
    runner: &mut Runner,
    case: &Case,
    revision: &'static Revision,
) -> Option<String> {
    let outcome = runner.run_case(case, revision);
    let failure = outcome.failure?;
    Some(world(|w| crate::explain::explain(w, case, &failure, outcome.end)).to_string())
}
