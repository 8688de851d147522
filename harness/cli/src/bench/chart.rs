//! The drawing of one bug: how many seeds have not found it after so many runs, a line for each arm.
//!
//! Only numbers and paths; the page gives them colours. The axis of runs is logarithmic, because bugs are
//! found by powers of ten. Every line bears its arm's letter at a height of its own, so that lines which
//! cross or cover each other can be told apart without colours.

use super::key::Key;
use super::report::{Panel, Row};
use super::survival::Curve;
use std::fmt::Write;

/// Width of the drawing.
pub const WIDTH: f64 = 640.0;
/// Height of the drawing.
pub const HEIGHT: f64 = 270.0;
/// Where the plot begins and ends from left to right.
const ACROSS: (f64, f64) = (48.0, 628.0);
/// Where it begins and ends from top to bottom.
const DOWN: (f64, f64) = (12.0, 226.0);
/// Between two letters on the same height.
const LETTER: f64 = 19.0;
/// Between the names of two numbers of runs, at least.
const NUMBER: f64 = 60.0;

/// One drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// A line for each arm.
    pub lines: Vec<Line>,
    /// Numbers of runs with their places from left to right.
    pub ticks: Vec<(u64, f64)>,
    /// Percent of the seeds with their places from top to bottom.
    pub levels: [(u8, f64); 3],
    /// The left end of the plot.
    pub left: f64,
    /// The right end of the plot.
    pub right: f64,
    /// The lower end of the plot.
    pub bottom: f64,
}

/// The line of an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its arm.
    pub key: Key,
    /// An SVG path.
    pub path: String,
    /// Where its letter stands from left to right.
    pub x: f64,
    /// Where its letter stands from top to bottom.
    pub y: f64,
}

impl Chart {
    /// Draws a bug, up to so many runs.
    pub fn new(panel: &Panel, cap: u64) -> Self {
        let count = panel.arms.len() as f64;
        let lines = panel.arms.iter().enumerate().map(|(position, row)| {
            let height = 1.0 - (position as f64 + 1.0) / (count + 1.0);
            Line::new(row, cap, height, position as f64)
        });
        let level = |percent: u8| (percent, y(f64::from(percent) / 100.0));
        Chart {
            lines: lines.collect(),
            ticks: ticks(cap),
            levels: [level(100), level(50), level(0)],
            left: ACROSS.0,
            right: ACROSS.1,
            bottom: DOWN.1,
        }
    }
}

impl Line {
    /// The letter stands where the line comes down to `height`; on a line that does not, near its end,
    /// `position` letters before the cap.
    fn new(row: &Row, cap: u64, height: f64, position: f64) -> Self {
        let curve = Curve::of(&row.observations);
        let crossing = curve.steps.iter().find(|step| step.survival <= height);
        let (x, y) = match crossing {
            Some(step) => (x(step.time, cap), y(height)),
            None => {
                let x = ACROSS.1 - (position + 0.5) * LETTER;
                (x, y(survival_at(&curve, x, cap)))
            }
        };
        Line { key: Key::of(row.arm), path: path(&curve, cap), x, y }
    }
}

/// How many survive at a place from left to right.
fn survival_at(curve: &Curve, place: f64, cap: u64) -> f64 {
    let before = curve.steps.iter().take_while(|step| x(step.time, cap) <= place);
    before.last().map_or(1.0, |step| step.survival)
}

/// Down at each event; on to the cap if somebody gets there.
fn path(curve: &Curve, cap: u64) -> String {
    let mut path = format!("M{:.1} {:.1}", ACROSS.0, y(1.0));
    for step in &curve.steps {
        let _ = write!(path, "H{:.1}V{:.1}", x(step.time, cap), y(step.survival));
    }
    if curve.steps.last().is_none_or(|step| step.survival > 0.0) {
        let _ = write!(path, "H{:.1}", ACROSS.1);
    }
    path
}

/// Powers of ten, and the cap. The cap stands at the end, so what is too close to it is left out.
fn ticks(cap: u64) -> Vec<(u64, f64)> {
    let powers = (0..).map_while(|power| 10_u64.checked_pow(power));
    let powers = powers.map(|runs| (runs, x(runs, cap)));
    let shown = powers.take_while(|(_, x)| *x < ACROSS.1 - NUMBER);
    shown.chain([(cap, ACROSS.1)]).collect()
}

/// From left to right: 1 is at the left end and the cap at the right one.
fn x(runs: u64, cap: u64) -> f64 {
    let share = (runs as f64).ln() / (cap.max(2) as f64).ln();
    ACROSS.0 + share * (ACROSS.1 - ACROSS.0)
}

/// From top to bottom: everybody is at the top.
fn y(survival: f64) -> f64 {
    DOWN.0 + (1.0 - survival) * (DOWN.1 - DOWN.0)
}
