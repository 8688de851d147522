//! `mmreap kernels`: the table of releases and mutants.

use super::print::{columns, outln};
use super::{AS_EXPECTED, Stop, print_json};
use mmreap::revision::Revision;
use mmreap_harness::kernel;
use serde::Serialize;

/// Arguments of `mmreap kernels`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Whatever is listed may stand behind `kernel`, `on`, and --kernel.

Examples:
  mmreap kernels
  mmreap kernels --json
  COLUMNS=60 mmreap kernels    breaks long lines")]
pub struct Arguments {
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    commit: &'static str,
    change: &'static str,
}

/// Prints the table.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let rows: Vec<Row> = kernel::all().map(row).collect();
    if arguments.json {
        print_json(&rows);
        return Ok(AS_EXPECTED);
    }
    outln!(
        "{}",
        line(&Row { name: "kernel", commit: "commit", change: "change against the one before" })
    );
    rows.iter().for_each(|row| outln!("{}", line(row)));
    Ok(AS_EXPECTED)
}

/// The row, broken where the terminal ends.
fn line(row: &Row) -> String {
    let head = format!("{:<10}  {:<12}  ", row.name, row.commit);
    let hang = " ".repeat(head.len());
    let width = columns().unwrap_or(usize::MAX);
    textwrap::fill(
        row.change,
        textwrap::Options::new(width).initial_indent(&head).subsequent_indent(&hang),
    )
}

fn row(revision: &'static Revision) -> Row {
    Row { name: revision.name, commit: revision.commit, change: revision.change }
}
