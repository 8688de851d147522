//! A diagram as a drawing: a lane for each task, side by side, time downwards.
//!
//! The text of a diagram shares 72 columns; here every lane is as wide as its longest line, so that no text
//! lies under another. Widths are those of a monospaced font, of which a character is 0.61 em wide or less.

use askama::Template;
use mmreap_harness::explain::Diagram;

/// The width of a character in pixels, at the font size of the style sheet.
const CHARACTER: usize = 8;
/// How far apart two lines are, in pixels.
const LINE: usize = 20;
/// How much the lines of a call are indented, in pixels.
const INDENT: usize = 16;
/// Around and between lanes, in pixels.
const GAP: usize = 14;
/// A lane is not narrower than this, in pixels.
const NARROWEST: usize = 80;

/// A diagram with a place for everything, in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The width of the whole.
    pub width: usize,
    /// The height of the whole.
    pub height: usize,
    /// The tasks.
    pub lanes: Vec<Lane>,
    /// Their lines.
    pub lines: Vec<Line>,
}

/// The lane of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The task.
    pub name: String,
    /// Its left edge.
    pub x: usize,
    /// Its width.
    pub width: usize,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its left end.
    pub x: usize,
    /// Its base line.
    pub y: usize,
    /// What is there.
    pub text: String,
    /// Whether it says what was wrong.
    pub is_mark: bool,
}

#[derive(Template)]
#[template(path = "diagram.svg")]
struct Page<'a> {
    title: &'a str,
    drawing: Drawing,
}

/// The diagram as a file of its own.
pub fn render(title: &str, diagram: &Diagram) -> String {
    let page = Page { title, drawing: Drawing::of(diagram) };
    page.render().expect("a drawing can be written to memory") + "\n"
}

impl Drawing {
    /// Places a diagram.
    pub fn of(diagram: &Diagram) -> Self {
        let lanes = lanes(diagram);
        let mut lines = Vec::new();
        let mut y = 2 * LINE + GAP;
        for row in &diagram.rows {
            let x = lanes[row.column].x + GAP / 2 + row.depth * INDENT;
            let marks = row.mark.iter().map(|mark| (mark, true));
            for (text, is_mark) in [(&row.text, false)].into_iter().chain(marks) {
                lines.push(Line { x, y, text: text.clone(), is_mark });
                y += LINE;
            }
        }
        let right = lanes.last().map_or(0, |lane| lane.x + lane.width);
        Drawing { width: right + GAP, height: y, lanes, lines }
    }
}

fn lanes(diagram: &Diagram) -> Vec<Lane> {
    let mut x = GAP;
    let lanes = diagram.columns.iter().enumerate().map(|(column, name)| {
        let rows = diagram.rows.iter().filter(|row| row.column == column);
        let needed = rows.map(|row| {
            let text = row.text.len().max(row.mark.as_ref().map_or(0, String::len));
            row.depth * INDENT + text * CHARACTER
        });
        let heading = name.len() * CHARACTER;
        let width = needed.max().unwrap_or(0).max(heading).max(NARROWEST) + GAP;
        let lane = Lane { name: name.clone(), x, width };
        x += width + GAP;
        lane
    });
    lanes.collect()
}
