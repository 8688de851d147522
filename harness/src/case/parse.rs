//! Reads the text of a case: words into a tree, and rules of the tree back into places of the text.
//!
//! The parser goes through the lines once and decides only what the tree cannot express: words that
//! it does not know, words that are missing, lines that come twice. While it does so it keeps the
//! span of each [`Place`]. Everything else is left to [`check`], and where that finds a problem,
//! the span tells line and column. So a rule stands in one place, whoever made the case.
//!
//! It stops at the first mistake: a mistake in a line-based text of this size hides few others, and
//! guessing what was meant would cost more lines than the format has. It never panics, and it takes
//! any bytes.

mod fault;
mod lex;
mod operation;
mod process;
mod schedule;
mod verdict;

use super::{
    Case, EmptyPmd, Machine, Schedule, Time, Tlb, VERSION,
    check::{Item, Place, Problem, bounds, check},
    error::{CaseError, quote},
    limit,
};
use crate::schedule::in_order::IN_ORDER;
use lex::{Line, Reader, Word, lines, unknown};
use std::{collections::BTreeMap, ops::Range};

/// Reads a case from bytes that may be no text.
pub fn parse_bytes(bytes: &[u8]) -> Result<Case, CaseError> {
    check_size(bytes.len())?;
    str::from_utf8(bytes).map_err(|error| not_text(bytes, error)).and_then(parse)
}

/// Reads a case.
pub fn parse(text: &str) -> Result<Case, CaseError> {
    check_size(text.len())?;
    let mut parser = Parser::default();
    let read = parser.read(text);
    let mistake = match read {
        Err(mistake) => mistake,
        Ok(case) => match check(&case) {
            Ok(()) => return Ok(case),
            Err(problem) => parser.locate(problem, text.trim_end().len()),
        },
    };
    Err(mistake.in_text(text))
}

/// Where in the text that a case was read from a problem lies that only a run could find.
pub fn locate(text: &str, problem: Problem) -> CaseError {
    let mut parser = Parser::default();
    // Of a text that is no case, what could be read until its first mistake has a place.
    let _ = parser.read(text);
    parser.locate(problem, text.trim_end().len()).in_text(text)
}

/// The comments that are no notes, in their order: what printing the case drops.
pub fn comments(text: &str) -> Vec<String> {
    let body = lines(text).skip(1).skip_while(|line| line.comment().is_some());
    let remarks = body.filter_map(Line::remark).filter(|remark| !remark.is_empty());
    remarks.map(String::from).collect()
}

fn check_size(size: usize) -> Result<(), CaseError> {
    if size <= limit::BYTES {
        return Ok(());
    }
    let help = format!("a case has at most {} bytes", limit::BYTES);
    Err(Mistake::at(0..0, "this file is too large").help(help).in_text(""))
}

fn not_text(bytes: &[u8], error: std::str::Utf8Error) -> CaseError {
    let start = error.valid_up_to();
    let end = error.error_len().map_or(bytes.len(), |length| start + length);
    let before = String::from_utf8_lossy(&bytes[..start]);
    let message = format!("the byte 0x{:02x} is not UTF-8", bytes[start]);
    let mistake = Mistake::at(start..end, message).help("a case is UTF-8 text");
    mistake.in_text(&before)
}

/// A mistake and the bytes it lies in; where their line and column are is found at the end.
#[derive(Debug)]
struct Mistake {
    span: Range<usize>,
    message: String,
    label: String,
    help: Option<String>,
}

impl Mistake {
    fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Mistake { span, message: message.into(), label: String::new(), help: None }
    }

    fn label(self, label: impl Into<String>) -> Self {
        Mistake { label: label.into(), ..self }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Mistake { help: Some(help.into()), ..self }
    }

    /// `text` need only reach up to the span.
    fn in_text(self, text: &str) -> CaseError {
        let Mistake { span, message, label, help } = self;
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        CaseError { message, line, column, span, label, help }
    }
}

/// What the lines that belong to a block belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Block {
    #[default]
    None,
    Process,
    Schedule,
}

/// What may begin a line.
const LINES: [&str; 12] = [
    "kernel", "machine", "process", "kthread", "vma", "aio", "thread", "fault", "schedule", "run",
    "expect", "on",
];

/// What is known after some of the lines.
#[derive(Default)]
struct Parser<'a> {
    /// Where things are in the text. Ordered, like all that parsing an input does: hashes with random keys
    /// would take other branches in each process, which a fuzzer takes for news.
    spans: BTreeMap<Place, Range<usize>>,
    /// Lines that may come only once, and where they came.
    once: BTreeMap<&'a str, usize>,
    block: Block,
}

impl<'a> Parser<'a> {
    fn read(&mut self, text: &'a str) -> Result<Case, Mistake> {
        let mut lines = lines(text).peekable();
        let first = lines.next().unwrap_or(Line { text: "", start: 0, number: 1 });
        first.check_characters()?;
        check_first(first)?;
        let mut case = empty();
        while let Some((line, note)) = lines.peek().and_then(|line| Some((*line, line.comment()?)))
        {
            line.check_characters()?;
            let span = line.start..line.start + line.text.trim_end().len();
            self.mark(Item::Note(case.notes.len()), "", span);
            case.notes.push(note.into());
            lines.next();
        }
        for line in lines {
            line.check_characters()?;
            let words = line.words();
            if let Some(first) = words.first() {
                self.line(&mut case, line.number, *first, &words)?;
            }
        }
        Ok(case)
    }

    fn line(
        &mut self,
        case: &mut Case,
        number: usize,
        first: Word<'a>,
        words: &[Word<'a>],
    ) -> Result<(), Mistake> {
        self.enter_block(first)?;
        let reader = &mut Reader::after_first(words);
        match first.text {
            "kernel" => {
                self.once(first, number)?;
                let kernel = reader.expect("a revision, such as `v4.14`")?;
                self.mark(Item::Kernel, "", kernel.span());
                case.kernel = kernel.text.into();
            }
            "machine" => {
                self.once(first, number)?;
                self.machine(&mut case.machine, first, reader)?;
            }
            "process" | "kthread" => self.process(case, first, reader)?,
            "vma" => self.vma(case, reader)?,
            "aio" => self.context(case, reader)?,
            "thread" => self.thread(case, reader, words)?,
            "fault" => self.fault(case, first, reader)?,
            "schedule" => {
                self.once(first, number)?;
                case.schedule.strategy = self.strategy(reader)?;
            }
            "run" => self.segment(&mut case.schedule.segments, reader)?,
            "expect" => {
                self.once(first, number)?;
                case.expect = Some(self.expect(Item::Expect, reader)?);
            }
            "on" => self.other(case, reader)?,
            _ => return Err(unknown(first, "lines begin with", &LINES)),
        }
        reader.finish()
    }

    /// Some lines open a block, some need one, and the others close it.
    fn enter_block(&mut self, first: Word) -> Result<(), Mistake> {
        let needed = match first.text {
            "vma" | "aio" | "thread" => Block::Process,
            "run" => Block::Schedule,
            _ => Block::None,
        };
        if needed != Block::None && needed != self.block {
            let block = if needed == Block::Process { "process" } else { "schedule" };
            let message = format!("this `{}` line belongs to no {block}", first.text);
            let help = format!("it stands below a `{block}` line, before any line of another kind");
            return Err(Mistake::at(first.span(), message).help(help));
        }
        self.block = match first.text {
            "process" | "kthread" => Block::Process,
            "schedule" => Block::Schedule,
            _ => needed,
        };
        Ok(())
    }

    fn once(&mut self, first: Word<'a>, number: usize) -> Result<(), Mistake> {
        match self.once.insert(first.text, number) {
            None => Ok(()),
            Some(earlier) => {
                let message = format!("there are two `{}` lines", first.text);
                let help = format!("the first one is line {earlier}; keep one of them");
                Err(Mistake::at(first.span(), message).help(help))
            }
        }
    }

    fn mark(&mut self, item: Item, key: &'static str, span: Range<usize>) {
        self.spans.insert(Place::new(item, key), span);
    }

    /// Where a key is not written, its item is shown; where that is missing, the end of the text.
    fn locate(&self, problem: Problem, end: usize) -> Mistake {
        let item = Place::new(problem.place.item, "");
        let span = self.spans.get(&problem.place).or_else(|| self.spans.get(&item));
        let label = if span.is_some() { "" } else { "the case ends here" };
        let span = span.cloned().unwrap_or(end..end);
        Mistake { span, message: problem.message, label: label.into(), help: problem.help }
    }

    fn machine(
        &mut self,
        machine: &mut Machine,
        first: Word,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        self.mark(Item::Machine, "", first.span());
        while let Some(key) = reader.key()? {
            let item = Item::Machine;
            match key.text {
                "frames" => {
                    machine.frames = self.number(item, "frames", &bounds::FRAMES, reader)?
                }
                "min" => machine.min = self.number(item, "min", &bounds::WATERMARK, reader)?,
                "high" => machine.high = self.number(item, "high", &bounds::WATERMARK, reader)?,
                "time" => {
                    machine.time = reader.choice("values of `time`", &Time::ALL, Time::name)?
                }
                "tlb" => machine.tlb = reader.choice("values of `tlb`", &Tlb::ALL, Tlb::name)?,
                "empty_pmd" => {
                    let choices = &EmptyPmd::ALL;
                    machine.empty_pmd =
                        reader.choice("values of `empty_pmd`", choices, EmptyPmd::name)?;
                }
                _ => {
                    let keys = ["frames", "min", "high", "time", "tlb", "empty_pmd"];
                    return Err(unknown(key, "keys of `machine`", &keys));
                }
            }
        }
        Ok(())
    }

    /// A number whose place is remembered.
    fn number<T: TryFrom<i128>>(
        &mut self,
        item: Item,
        key: &'static str,
        bounds: &bounds::Bounds,
        reader: &mut Reader<'a, '_>,
    ) -> Result<T, Mistake> {
        let (value, span) = reader.number(bounds)?;
        self.mark(item, key, span);
        Ok(value)
    }
}

/// What some editors put before the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn check_first(line: Line) -> Result<(), Mistake> {
    let words: Vec<_> = line.text.split_ascii_whitespace().collect();
    let wanted = format!("mmreap case {VERSION}");
    if line.text.trim_end() == wanted {
        return Ok(());
    }
    if line.text.starts_with(BYTE_ORDER_MARK) {
        let mark = line.start..line.start + BYTE_ORDER_MARK.len_utf8();
        let mistake = Mistake::at(mark, "this file begins with a byte order mark");
        return Err(mistake.help("save it as UTF-8 without one"));
    }
    let mistake = match words[..] {
        _ if words.join(" ") == wanted => "the first line has blanks where none belong".into(),
        ["mmreap", "case", version] if version.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("this case is written in version {} of the format", quote(version))
        }
        _ => "this is not a case file".into(),
    };
    let span = line.start..line.start + line.text.len();
    let help = format!("this program reads version {VERSION}: the first line is `{wanted}`");
    Err(Mistake::at(span, mistake).help(help))
}

/// The case that the first line alone means.
fn empty() -> Case {
    Case {
        notes: Vec::new(),
        kernel: String::new(),
        machine: Machine::default(),
        processes: Vec::new(),
        faults: Vec::new(),
        schedule: Schedule { strategy: IN_ORDER.of(&[]), segments: Vec::new() },
        expect: None,
        others: Vec::new(),
    }
}

/// The next word must be this one.
fn keyword(key: &'static str, reader: &mut Reader) -> Result<(), Mistake> {
    let word = reader.expect(&format!("`{key} N`"))?;
    demand(word, key)
}

fn demand(word: Word, key: &str) -> Result<(), Mistake> {
    if word.text == key { Ok(()) } else { Err(unknown(word, "what may follow", &[key])) }
}
