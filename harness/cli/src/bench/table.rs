//! The report for a terminal: plain text, a table for each bug, then the means, then how to read them.

use super::report::Report;
use super::sheet::{Sheet, notes};

/// Characters between two columns.
const GAP: usize = 2;

/// Characters that a paragraph is wide.
const WIDTH: usize = 80;

/// Writes the report as text.
pub fn render(report: &Report) -> String {
    let bugs = report.bugs.iter().map(|panel| Sheet::of_bug(report, panel));
    let costs = report.bugs.iter().filter_map(|panel| Sheet::of_cost(report, panel));
    let sheets = bugs.chain(Sheet::of_means(report)).chain(costs);
    let sheets = sheets.chain(Sheet::of_mean_costs(report));
    let notes = notes(report).into_iter().map(|note| textwrap::fill(&note, WIDTH));
    sheets.map(|sheet| text(&sheet)).chain(notes).map(|block| block + "\n").collect()
}

/// The first column stands on the left, the others on the right.
fn text(sheet: &Sheet) -> String {
    let widths = widths(sheet);
    let mut text = names(sheet, &widths);
    let columns = sheet.groups.iter().flat_map(|group| group.columns);
    text += &line(columns.copied(), &widths);
    text.extend(sheet.rows.iter().map(|row| line(row.iter().map(String::as_str), &widths)));
    text
}

/// How wide each column is. The last of a group has room for the rest of the group's name.
fn widths(sheet: &Sheet) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for group in &sheet.groups {
        let first = widths.len();
        for name in group.columns {
            let cells = sheet.rows.iter().map(|row| row[widths.len()].len());
            widths.push(cells.chain([name.len()]).max().unwrap_or(0));
        }
        let missing = group.name.len().saturating_sub(span(&widths[first..]));
        *widths.last_mut().expect("a group has columns") += missing;
    }
    widths
}

/// How wide neighbouring columns are together.
fn span(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * (widths.len() - 1)
}

/// The line with the names of the groups.
fn names(sheet: &Sheet, widths: &[usize]) -> String {
    let mut rest = widths;
    let spans = sheet.groups.iter().map(|group| {
        let (own, others) = rest.split_at(group.columns.len());
        rest = others;
        span(own)
    });
    line(sheet.groups.iter().map(|group| &*group.name), &spans.collect::<Vec<_>>())
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let cells = cells.zip(widths).enumerate().map(|(column, (cell, &width))| match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{:GAP$}{cell:>width$}", ""),
    });
    cells.collect::<String>().trim_end().to_string() + "\n"
}
