//! `mmreap explain`: why a case fails.

use super::{AS_EXPECTED, FOUND, OneCase, Stop};
use crate::case::Case;
use crate::corpus;
use crate::explain::{self, Report, html, markdown, paint, perfetto, svg};
use crate::run::Runner;
use crate::run::news::News;
use mmreap::revision::Revision;
use mmreap::world::world;
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
    /// Write it here, as a whole or not at all, and not to standard output
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

/// Explains one file. Exit code 1 if the case fails otherwise than it says.
pub fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let (case, revision) = arguments.one.load()?;
    let Some(report) = explain::report(&mut Runner::new(), &case, revision) else {
        let news = world(|w| News::of(w));
        anstream::eprintln!("{} passes on {}{news}", arguments.one.file.display(), revision.name);
        let differs = corpus::expected(&case).is_some() && arguments.one.kernel.is_none();
        return Ok(if differs { FOUND } else { AS_EXPECTED });
    };
    let text = render(&report, arguments.format);
    match (&arguments.output, arguments.format) {
        (Some(path), _) => corpus::write(path, &text)?,
        (None, Format::Text) => anstream::print!("{}", paint::render(&report.explanation)),
        (None, _) => anstream::print!("{text}"),
    }
    Ok(AS_EXPECTED)
}

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
