//! Cuts the text into lines and words, and gives a reader of one line its place to stand.
//!
//! The format needs no more grammar than this: a line is a row of words, `;` is a word by itself,
//! and `#` at the start of a word begins a comment. Line ends may be LF or CR LF.

use super::Mistake;
use crate::case::{
    check::{bounds, bounds::Bounds},
    error::{allowed, quote},
};
use std::ops::Range;

/// A word and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
}

impl Word<'_> {
    pub fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// A line and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub text: &'a str,
    pub start: usize,
    /// Counted from 1.
    pub number: usize,
}

/// The lines of a text, without their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').enumerate().map(move |(index, whole)| {
        let line = whole.strip_suffix('\n').map_or(whole, |l| l.strip_suffix('\r').unwrap_or(l));
        let this = Line { text: line, start, number: index + 1 };
        start += whole.len();
        this
    })
}

fn is_blank(character: char) -> bool {
    character == ' ' || character == '\t'
}

impl<'a> Line<'a> {
    /// The text of the comment, if the line is nothing else.
    pub fn comment(self) -> Option<&'a str> {
        let comment = self.text.trim_start_matches(is_blank).strip_prefix('#')?;
        Some(comment.trim_matches(is_blank))
    }

    /// The comment behind the words, if there is one.
    pub fn remark(self) -> Option<&'a str> {
        let end = self.words().last().map_or(0, |word| word.span().end - self.start);
        let rest = Line { text: &self.text[end..], ..self };
        rest.comment()
    }

    /// Refuses characters that a terminal would obey.
    pub fn check_characters(self) -> Result<(), Mistake> {
        match self.text.char_indices().find(|(_, c)| bounds::is_forbidden(*c)) {
            None => Ok(()),
            Some((at, c)) => Err(Mistake::at(
                self.start + at..self.start + at + c.len_utf8(),
                format!("the control character U+{:04X} is not allowed", u32::from(c)),
            )
            .help("a case is plain text: visible characters, blanks, tabs and line ends")),
        }
    }

    /// The words up to the comment.
    pub fn words(self) -> Vec<Word<'a>> {
        let mut words = Vec::new();
        let mut rest = self.text;
        loop {
            rest = rest.trim_start_matches(is_blank);
            if rest.is_empty() || rest.starts_with('#') {
                return words;
            }
            let length = match rest.find(|c| is_blank(c) || c == ';') {
                Some(end) => end.max(1),
                None => rest.len(),
            };
            let start = self.start + self.text.len() - rest.len();
            words.push(Word { text: &rest[..length], start });
            rest = &rest[length..];
        }
    }
}

/// Reads a row of words from left to right.
pub(super) struct Reader<'a, 'w> {
    words: &'w [Word<'a>],
    next: usize,
    seen: Vec<&'a str>,
}

impl<'a, 'w> Reader<'a, 'w> {
    /// Begins after the first word, the one that says what this is.
    pub fn after_first(words: &'w [Word<'a>]) -> Self {
        Reader { words, next: 1, seen: Vec::new() }
    }

    /// The next word, if there is one.
    pub fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.get(self.next).copied();
        self.next += usize::from(word.is_some());
        word
    }

    /// The next word as a key, which must not come twice in a line.
    pub fn key(&mut self) -> Result<Option<Word<'a>>, Mistake> {
        let Some(word) = self.next() else {
            return Ok(None);
        };
        if self.seen.contains(&word.text) {
            let message = format!("{} is given twice", quote(word.text));
            return Err(Mistake::at(word.span(), message).help("keep one of them"));
        }
        self.seen.push(word.text);
        Ok(Some(word))
    }

    /// The next word, which must be there; `what` as in "needs a name".
    pub fn expect(&mut self, what: &str) -> Result<Word<'a>, Mistake> {
        let end = self.end();
        self.next().ok_or_else(|| {
            let message = format!("something is missing after {}", quote(self.last()));
            Mistake::at(end..end, message).label("nothing follows").help(format!("add {what}"))
        })
    }

    /// How many words were read.
    pub fn position(&self) -> usize {
        self.next
    }

    /// The end of the last word that was read.
    pub fn end(&self) -> usize {
        self.words[..self.next].last().map_or(0, |word| word.span().end)
    }

    fn last(&self) -> &'a str {
        self.words[..self.next].last().map_or("", |word| word.text)
    }

    /// A number. Whether it is in bounds is the checker's rule; here it must only fit the tree.
    pub fn number<T: TryFrom<i128>>(
        &mut self,
        bounds: &Bounds,
    ) -> Result<(T, Range<usize>), Mistake> {
        let word = self.expect(&format!("a number ({})", bounds.rule()))?;
        let digits = word.text.strip_prefix('-').unwrap_or(word.text);
        let written = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !written {
            let message = format!("{} is not a number", quote(word.text));
            return Err(Mistake::at(word.span(), message).help(bounds.rule()));
        }
        let value = word.text.parse().ok().and_then(|value: i128| T::try_from(value).ok());
        let value = value.ok_or_else(|| {
            let message = bounds.refusal(word.text);
            Mistake::at(word.span(), message).help(bounds.rule())
        })?;
        Ok((value, word.span()))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(
        &mut self,
        what: &str,
        choices: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<T, Mistake> {
        let names: Vec<_> = choices.iter().map(|&choice| name(choice)).collect();
        let word = self.expect(&format!("one of the {what}: {}", names.join(", ")))?;
        let chosen = choices.iter().copied().find(|&choice| name(choice) == word.text);
        chosen.ok_or_else(|| unknown(word, what, &names))
    }

    /// Nothing more may follow.
    pub fn finish(&mut self) -> Result<(), Mistake> {
        let Some(word) = self.next() else {
            return Ok(());
        };
        let message = format!("{} is too much", quote(word.text));
        Err(Mistake::at(word.span(), message).help("the line could end before it"))
    }
}

/// A word that is none of those allowed here.
pub(super) fn unknown(word: Word, what: &str, names: &[&str]) -> Mistake {
    let message = format!("{} is unknown here", quote(word.text));
    Mistake::at(word.span(), message).help(allowed(word.text, what, names))
}
