//! What is wrong with the text of a case, where, and what would be allowed there.
//!
//! A case is written by hand as often as by a machine, so that an error is worth the form that
//! people know from the compiler: the line, a mark under the words in question, and a help that
//! lists what may stand there. [`CaseError::render`] draws that; [`CaseError`]'s `Display` is the
//! same in one line, for logs.
//!
//! Only the line in question is drawn, and only the part of it around the mark: an input may be
//! 64 KiB in one line, cut anywhere, or no text at all. Control characters are drawn as pictures.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::{error::Error, fmt, ops::Range};

/// A mistake in the text of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// What is wrong.
    pub message: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The words in question, in bytes of the text; empty where something is missing.
    pub span: Range<usize>,
    /// What stands under the mark; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl Error for CaseError {}

/// Characters that are drawn of a word, and of a line behind the mark.
const SHOWN: usize = 40;

impl CaseError {
    /// Draws the error as the compiler draws its own. `source` is what was parsed; it need not be
    /// text. The result has no line feed at its end.
    pub fn render(&self, file: &str, source: &[u8], color: bool) -> String {
        let (line, mark) = excerpt(source, &self.span);
        let file = harmless(file);
        let annotation = AnnotationKind::Primary.span(mark).label(&self.label);
        let snippet = Snippet::source(line).path(file).line_start(self.line).annotation(annotation);
        let title = Level::ERROR.primary_title(&self.message).element(snippet);
        let help = self.help.iter().map(|help| Level::HELP.message(help));
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[title.elements(help)])
    }
}

/// The line around a span, and where the span lies in it. What is behind the start of the span is
/// shortened here; what is before it is left whole, because the library, which cuts it to the width
/// of a terminal, counts the column in it.
fn excerpt(source: &[u8], span: &Range<usize>) -> (String, Range<usize>) {
    let start = span.start.min(source.len());
    let is_line_feed = |byte: &u8| *byte == b'\n';
    let from = source[..start].iter().rposition(is_line_feed).map_or(0, |at| at + 1);
    let to = source[start..].iter().position(is_line_feed).map_or(source.len(), |at| start + at);
    let end = span.end.clamp(start, to);
    let before = visible(&String::from_utf8_lossy(&source[from..start]));
    let marked = shorten(&visible(&String::from_utf8_lossy(&source[start..end])));
    let after = shorten(visible(&String::from_utf8_lossy(&source[end..to])).trim_end());
    let mark = before.len()..before.len() + marked.len();
    (before + &marked + &after, mark)
}

/// Replaces the control characters for which the library has no picture, one for one.
fn visible(text: &str) -> String {
    let hidden = |c: char| c.is_control() && !c.is_ascii();
    text.replace(hidden, "\u{fffd}")
}

/// A text of unknown origin, such as a path, with nothing in it that a terminal obeys.
pub(crate) fn harmless(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut harmless = String::new();
    for c in text.chars() {
        match c.is_control() || turns(c) {
            true => harmless.extend(c.escape_default()),
            false => harmless.push(c),
        }
    }
    harmless
}

/// The first characters of a text, with a sign that something is missing.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Quotes a word of the input in a message: shortened, and with nothing that a terminal obeys.
pub fn quote(word: &str) -> String {
    format!("`{}`", shorten(&word.escape_debug().to_string()))
}

/// At most so many words are listed in a help; more than there are operations.
const LISTED: usize = 32;

/// Lists what is allowed, after the one that `word` may have meant.
pub(crate) fn allowed(word: &str, what: &str, candidates: &[impl AsRef<str>]) -> String {
    let guess = match nearest(word, candidates) {
        Some(guess) => format!("did you mean `{guess}`? "),
        None => String::new(),
    };
    let mut list: Vec<_> = candidates.iter().take(LISTED).map(|c| quote(c.as_ref())).collect();
    match candidates.len() {
        0 => list.push("none".into()),
        n if n > LISTED => list.push("…".into()),
        _ => {}
    }
    format!("{guess}{what}: {}", list.join(", "))
}

/// Longer words are not compared, for the work's sake; longer than any site.
const COMPARED: usize = 100;

/// The candidate that differs from `word` in at most a third of its letters, the compiler's limit.
pub(crate) fn nearest<'a>(word: &str, candidates: &'a [impl AsRef<str>]) -> Option<&'a str> {
    if word.len() > COMPARED {
        return None;
    }
    let close = word.chars().count().max(3) / 3;
    let distances = candidates.iter().map(|c| (strsim::osa_distance(word, c.as_ref()), c.as_ref()));
    distances.filter(|(distance, _)| *distance <= close).min().map(|(_, candidate)| candidate)
}
