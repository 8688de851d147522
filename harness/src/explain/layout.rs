//! A diagram as text. Only one task does something in a line, so a line may reach under the headings to
//! its right; columns overlap where they would not fit side by side.

use super::diagram::{Diagram, Row};
use super::text;
use std::fmt;

/// Where the first column begins.
const MARGIN: usize = 2;
/// Columns between two tasks, if there is room.
const GAP: usize = 2;
/// How far apart two columns begin, at least.
const STEP: usize = 8;
/// How much a call's lines are indented.
const INDENT: usize = 2;
/// Calls inside of calls beyond these are not indented further.
const DEEPEST: usize = 8;
/// The narrowest that a heading is underlined.
const UNDERLINE: usize = 4;

impl fmt::Display for Diagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let starts = starts(text::width(f), &widths, &self.columns);
        self.heading(f, &starts, &widths)?;
        self.rows.iter().try_for_each(|row| draw(f, starts[row.column], row))?;
        if self.absent.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        text::paragraph(f, MARGIN, &format!("not shown: {}", self.absent.join(", ")))
    }
}

impl Diagram {
    /// How wide each column would like to be.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(String::len).collect();
        for row in &self.rows {
            let mark = row.mark.as_ref().map_or(0, |mark| INDENT + mark.len());
            widths[row.column] = widths[row.column].max(indent(row) + row.text.len().max(mark));
        }
        widths
    }

    fn heading(
        &self,
        f: &mut fmt::Formatter<'_>,
        starts: &[usize],
        widths: &[usize],
    ) -> fmt::Result {
        let (mut names, mut rules) = (String::new(), String::new());
        for (column, name) in self.columns.iter().enumerate() {
            let end = starts.get(column + 1).map_or(text::width(f), |next| next - GAP);
            let width = widths[column].max(UNDERLINE).min(end - starts[column]);
            let name = &name[..name.len().min(width)];
            names = format!("{names:0$}{name}", starts[column]);
            rules = format!("{rules:0$}{1}", starts[column], "-".repeat(width));
        }
        writeln!(f, "{names}\n{rules}")
    }
}

/// Where each column begins: side by side if that fits, otherwise as far left as the widest line needs,
/// and as far apart as the names.
fn starts(page: usize, widths: &[usize], names: &[String]) -> Vec<usize> {
    let side_by_side = spaced(widths.iter().map(|width| width + GAP));
    if side_by_side.last().zip(widths.last()).is_none_or(|(last, width)| last + width <= page) {
        return side_by_side;
    }
    let limits = limits(page, widths);
    let room = limits.last().map_or(0, |last| last - MARGIN);
    let steps = names.iter().map(|name| name.len() + GAP);
    let needed: usize = steps.clone().take(names.len() - 1).sum();
    let spare = room.saturating_sub(needed) / names.len().saturating_sub(1).max(1);
    let starts = spaced(steps.map(|step| step + spare));
    starts.into_iter().zip(limits).map(|(start, limit)| start.min(limit)).collect()
}

/// The first at the margin, each further one a step behind the one before.
fn spaced(steps: impl Iterator<Item = usize>) -> Vec<usize> {
    let place = |next: &mut usize, step| {
        let start = *next;
        *next += step;
        Some(start)
    };
    steps.scan(MARGIN, place).collect()
}

/// Where each column begins at the latest.
fn limits(page: usize, widths: &[usize]) -> Vec<usize> {
    let mut latest = page + STEP;
    let limits = widths.iter().enumerate().rev().map(|(column, &width)| {
        latest = page.saturating_sub(width).min(latest - STEP).max(MARGIN + column * STEP);
        latest
    });
    let mut limits: Vec<usize> = limits.collect();
    limits.reverse();
    limits
}

fn indent(row: &Row) -> usize {
    row.depth.min(DEEPEST) * INDENT
}

/// The line, with what was wrong behind it or under it, as there is room.
fn draw(f: &mut fmt::Formatter<'_>, start: usize, row: &Row) -> fmt::Result {
    let start = start + indent(row);
    let Some(mark) = &row.mark else { return text::paragraph(f, start, &row.text) };
    let line = format!("{}  {mark}", row.text);
    if start + line.len() <= text::width(f) {
        return text::paragraph(f, start, &line);
    }
    text::paragraph(f, start, &row.text)?;
    text::paragraph(f, start + INDENT, mark)
}
