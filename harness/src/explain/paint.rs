//! An explanation with colours: the text as it is, with what matters most set off.
//!
//! Nothing is said by colour alone. Whoever prints it takes the colours out where nobody sees them.

use super::Explanation;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// The text, in colours, on a page of a width.
pub fn render(explanation: &Explanation, width: usize) -> String {
    let bold = Style::new().bold();
    let (wrong, well) = (AnsiColor::Red.on_default().bold(), AnsiColor::Green.on_default().bold());
    let mut painted = String::new();
    let mut is_head = true;
    for line in format!("{explanation:width$}").lines() {
        is_head &= !line.is_empty();
        let (style, from) = match line.find("***") {
            Some(mark) => (wrong, mark),
            None if is_head => (bold, 0),
            None if line.starts_with("  Broken rule") => (wrong, 0),
            None if line.starts_with("  Passes") => (well, 0),
            None => (Style::new(), 0),
        };
        let (plain, told) = line.split_at(from);
        writeln!(painted, "{plain}{style}{told}{style:#}").expect("a string takes any text");
    }
    painted
}
