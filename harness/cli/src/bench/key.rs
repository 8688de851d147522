//! How the page tells arms apart: a letter, a colour and a dash, the same on every page.

use super::arm::{ARMS, BASELINES};

/// Colours for arms that are no baselines: those of Okabe and Ito ("Color Universal Design", 2008) that can
/// be seen on light and on dark ground. The style sheet has them.
const COLORS: usize = 6;

/// Patterns of dashes, as SVG writes them.
const DASHES: [&str; 8] = ["none", "7 3", "2 3", "10 3 2 3", "14 4", "5 5", "10 3 2 3 2 3", "1 5"];

/// The marks of an arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The arm.
    pub arm: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its letter.
    pub letter: char,
    /// 0 for baselines, which have the colour of the text, else the number of its colour.
    pub color: usize,
    /// Its dashes.
    pub dash: &'static str,
}

impl Key {
    /// The marks of the arm with the name.
    pub fn of(name: &str) -> Self {
        let place = ARMS.iter().position(|arm| arm.name == name);
        let place = place.expect("a report speaks of arms that exist");
        let arm = &ARMS[place];
        let color = match BASELINES.contains(&arm.name) {
            true => 0,
            false => 1 + place % COLORS,
        };
        let (letter, dash) = (letter(place), DASHES[place % DASHES.len()]);
        Key { arm: arm.name, about: arm.about, letter, color, dash }
    }
}

fn letter(place: usize) -> char {
    char::from(b'a' + (place % 26) as u8)
}
