//! `mmreap explain`: why a case fails.

use super::print::{columns, out, write};
use super::{AS_EXPECTED, OneCase, Stop, tell_pass};
use crate::page::{html, svg};
use mmreap::revision::Revision;
use mmreap_harness::case::Case;
use mmreap_harness::explain::{self, Report, WIDTH, markdown, paint, perfetto};
use mmreap_harness::run::Runner;
use std::path::PathBuf;

/// Arguments of `mmreap explain`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Text is plain where it goes into a file or a pipe, and fits a commit message.

Examples:
  mmreap explain corpus/CASE.mmreap
  mmreap explain CASE.mmreap --kernel v4.15
  mmreap explain CASE.mmreap --format html --output why.html
  mmreap explain CASE.mmreap --format perfetto --output run.json    for ui.perfetto.dev")]
pub struct Arguments {
    #[command(flatten)]
    one: OneCase,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write it here, as a whole or not at all; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How an explanation is written down.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// For a terminal or a commit message
    Text,
    /// For a bug tracker
    Markdown,
    /// A page with timelines, beside the first release that passes
    Html,
    /// The diagram, drawn
    Svg,
    /// The failing run, for ui.perfetto.dev
    Perfetto,
    /// The explanation as data
    Json,
}

/// Explains one file. Exit code 1 if there is nothing to explain.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (file, revision) = arguments.one.load()?;
    let Some(report) = explain::report(&mut Runner::new(), &file.case, revision) else {
        let json = matches!(arguments.format, Format::Json);
        return Ok(tell_pass(&file, revision, json));
    };
    match (&arguments.output, arguments.format) {
        (Some(path), format) => write(path, &render(&report, format))?,
        (None, Format::Text) => {
            let width = columns().unwrap_or(WIDTH).clamp(NARROWEST, WIDTH);
            out(format_args!("{}", paint::render(&report.explanation, width)));
        }
        (None, format) => out(format_args!("{}", render(&report, format))),
    }
    Ok(AS_EXPECTED)
}

/// The narrowest page that an explanation is fitted to.
const NARROWEST: usize = 40;

fn render(report: &Report, format: Format) -> String {
    let why = &report.explanation;
    match format {
        Format::Text => why.to_string(),
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report),
        Format::Svg => svg::render(&why.headline, &why.diagram),
        Format::Perfetto => perfetto::render(&report.failing.timeline),
        Format::Json => super::json(why) + "\n",
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
