//! Text that keeps to the width of a page: broken at blanks, and inside of a word only if a word
//! alone is too wide. Names in cases are ASCII, so bytes are columns. The page is as wide as the formatter says,
//! as in `{:60}`, or [`WIDTH`].

use super::WIDTH;
use std::fmt;

/// How much further lines of a paragraph are indented than its first.
const HANG: usize = 4;

/// What a paragraph has room for on any page, however far it should be indented.
const ROOM: usize = 14;

/// The width of the page that is written.
pub(super) fn width(f: &fmt::Formatter<'_>) -> usize {
    f.width().unwrap_or(WIDTH)
}

/// Writes a text as one paragraph that begins at a column.
pub(super) fn paragraph(f: &mut fmt::Formatter<'_>, indent: usize, text: &str) -> fmt::Result {
    let indent = indent.min(width(f) - ROOM);
    let lines = broken(text.trim_end(), width(f) - indent);
    lines.iter().try_for_each(|line| writeln!(f, "{:indent$}{line}", ""))
}

/// The lines of a text, none of them wider than `width`.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        add(&mut lines, word, width);
    }
    lines
}

fn add(lines: &mut Vec<String>, word: &str, width: usize) {
    let line = lines.last_mut().expect("a text has a line");
    let blank = usize::from(!line.trim_start().is_empty());
    if line.len() + blank + word.len() <= width {
        line.push_str(&" "[..blank]);
        line.push_str(word);
        return;
    }
    if blank == 1 {
        lines.push(" ".repeat(HANG));
        return add(lines, word, width);
    }
    let room = width - line.len();
    let (head, tail) = word.split_at(word.floor_char_boundary(room.min(word.len())));
    line.push_str(head);
    lines.push(" ".repeat(HANG));
    add(lines, tail, width);
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn breaks_at_blanks_and_keeps_them_inside_of_a_line() {
        assert_eq!(broken("one  two three", 10), ["one  two", "    three"]);
    }

    #[test]
    fn breaks_a_word_that_is_too_wide() {
        assert_eq!(broken("abcdefghijkl", 8), ["abcdefgh", "    ijkl"]);
        assert_eq!(broken("a bcdefghi", 6), ["a", "    bc", "    de", "    fg", "    hi"]);
    }
}
