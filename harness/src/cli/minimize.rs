//! `mmreap minimize`: a smaller case that fails in the same way.

use super::{AS_EXPECTED, FOUND, OneCase, Stop, write_or_show};
use crate::campaign::{Found, finish};
use crate::minimize::size;
use crate::run::Runner;
use indicatif::ProgressBar;
use std::path::PathBuf;

/// Arguments of `mmreap minimize`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  mmreap minimize CASE.mmreap                     prints the smaller case
  mmreap minimize CASE.mmreap --output SMALL.mmreap")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
    /// Write the smaller case here; may be FILE itself
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Minimises one file. Exit code 1 if the case does not fail.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (case, revision) = arguments.one.load()?;
    let mut runner = Runner::new();
    let Some(failure) = runner.run_case(&case, revision).failure else {
        anstream::eprintln!("{} passes on {}", arguments.one.file.display(), revision.name);
        return Ok(FOUND);
    };
    let bar = ProgressBar::new_spinner();
    let before = size(&case);
    let found = Found { case, failure };
    let mut small = finish(&mut runner, &found, revision, &mut |runs| {
        if runs % 1000 == 0 {
            bar.set_message(format!("{runs} runs"));
            bar.tick();
        }
    });
    bar.finish_and_clear();
    small.notes = found.case.notes;
    match &arguments.output {
        Some(path) => write_or_show(path, &small)?,
        None => anstream::print!("{small}"),
    }
    anstream::eprintln!("size {before:?} -> {:?}", size(&small));
    Ok(AS_EXPECTED)
}
