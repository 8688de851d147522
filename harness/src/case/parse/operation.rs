//! Reads the operations of a thread.

use super::{Mistake, Parser, Reader, Word, unknown};
use crate::case::{
    Argument, Completion, Operation,
    check::{Item, bounds},
};
use crate::operation::{self, Parameter};

/// Reads `OP; OP; …` to the end of the line.
pub(super) fn read_all<'a>(
    parser: &mut Parser<'a>,
    (process, thread): (usize, usize),
    line: &mut Reader<'a, '_>,
    words: &[Word<'a>],
) -> Result<Vec<Operation>, Mistake> {
    let start = line.position();
    while line.next().is_some() {}
    let mut operations = Vec::new();
    if start == words.len() {
        return Ok(operations);
    }
    let mut end = words[start - 1].span().end;
    for words in words[start..].split(|word| word.text == ";") {
        if words.is_empty() {
            return Err(nothing(end));
        }
        let item = Item::Operation(process, thread, operations.len());
        operations.push(read(parser, item, words)?);
        end = words[words.len() - 1].span().end;
    }
    Ok(operations)
}

fn nothing(end: usize) -> Mistake {
    let help = "an operation stands on each side of a `;`";
    Mistake::at(end..end, "an operation is missing").help(help)
}

fn read(parser: &mut Parser, item: Item, words: &[Word]) -> Result<Operation, Mistake> {
    let name = words[0];
    let Some(kind) = operation::find(name.text) else {
        let words: Vec<_> = operation::all().map(|kind| kind.word).collect();
        return Err(unknown(name, "operations", &words));
    };
    parser.mark(item, "", name.span());
    let mut reader = Reader::after_first(words);
    let mut arguments = Vec::new();
    for parameter in kind.parameters {
        let start = reader.position();
        arguments.push(argument(*parameter, &mut reader)?);
        parser.mark(item, parameter.key(), words[start].start..reader.end());
    }
    reader.finish()?;
    Ok(Operation { kind, arguments })
}

fn argument(parameter: Parameter, reader: &mut Reader) -> Result<Argument, Mistake> {
    Ok(match parameter {
        Parameter::Vma | Parameter::Unmapped => {
            Argument::vma(reader.expect("the name of a VMA")?.text)
        }
        Parameter::Context => Argument::context(reader.expect("the name of an AIO context")?.text),
        Parameter::Process | Parameter::Child | Parameter::Host | Parameter::Borrowed => {
            Argument::process(reader.expect("the name of a process")?.text)
        }
        Parameter::Pages => Argument::Pages(reader.number(&bounds::ALLOC)?.0),
        Parameter::Jiffies => Argument::Jiffies(reader.number(&bounds::JIFFIES)?.0),
        Parameter::Completion => Argument::Completion(completion(reader)?),
    })
}

fn completion(reader: &mut Reader) -> Result<Completion, Mistake> {
    let word = reader.expect("a completion: `after N`, `error after N`, `after_alloc`, `never`")?;
    match word.text {
        "after" => Ok(Completion::After(reader.number(&bounds::JIFFIES)?.0)),
        "error" => {
            super::keyword("after", reader)?;
            Ok(Completion::ErrorAfter(reader.number(&bounds::JIFFIES)?.0))
        }
        "after_alloc" => Ok(Completion::AfterAlloc),
        "never" => Ok(Completion::Never),
        _ => Err(unknown(word, "completions", &["after", "error", "after_alloc", "never"])),
    }
}
