//! `mmreap kernels`: the table of releases and mutants.

use super::{AS_EXPECTED, Stop, print_json};
use mmreap::revision::{self, Revision};
use serde::Serialize;

/// Arguments of `mmreap kernels`.
#[derive(clap::Args, Debug)]
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
    let rows: Vec<Row> = revision::all().map(row).collect();
    if arguments.json {
        print_json(&rows);
        return Ok(AS_EXPECTED);
    }
    anstream::println!("{:<10}  {:<12}  change against the one before", "kernel", "commit");
    for row in rows {
        anstream::println!("{:<10}  {:<12}  {}", row.name, row.commit, row.change);
    }
    Ok(AS_EXPECTED)
}

fn row(revision: &'static Revision) -> Row {
    Row { name: revision.name, commit: revision.commit, change: revision.change }
}
