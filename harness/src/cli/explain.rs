//! `mmreap explain`: why a case fails.

use super::{AS_EXPECTED, FOUND, OneCase, Stop};
use crate::case::Case;
use crate::run::Runner;
use crate::{corpus, explain};
use mmreap::revision::Revision;

/// Arguments of `mmreap explain`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap explain corpus/CASE.mmreap
  mmreap explain CASE.mmreap --kernel v4.15")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
}

/// Explains one file. Exit code 1 if the case fails otherwise than it says.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (case, revision) = arguments.one.load()?;
    match of_case(&mut Runner::new(), &case, revision) {
        Some(text) => {
            anstream::print!("{text}");
            Ok(AS_EXPECTED)
        }
        None => {
            anstream::println!("{} passes on {}", arguments.one.file.display(), revision.name);
            Ok(if corpus::expected(&case).is_some() && arguments.one.kernel.is_none() {
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
    Some(explain::of_case(runner, case, revision)?.to_string())
}
