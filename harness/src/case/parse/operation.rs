//! Reads the operations of a thread.

use super::{Mistake, Parser, Reader, Word, unknown};
use crate::case::{
    Completion, Operation,
    check::{Item, bounds},
};

/// Reads the arguments of one operation.
type Read = fn(&mut Reader) -> Result<Operation, Mistake>;

/// Every operation, and how it goes on after its own word.
const OPERATIONS: [(&str, Read); 30] = [
    ("write", |r| Ok(Operation::Write(vma(r)?))),
    ("read", |r| Ok(Operation::Read(vma(r)?))),
    ("write_file", |r| Ok(Operation::WriteFile(vma(r)?))),
    ("madvise", |r| Ok(Operation::Madvise(vma(r)?))),
    ("mmap", |r| Ok(Operation::Mmap(vma(r)?))),
    ("munmap", |r| Ok(Operation::Munmap(vma(r)?))),
    ("set_robust_list", |r| Ok(Operation::SetRobustList(vma(r)?))),
    ("set_tid_address", |r| Ok(Operation::SetTidAddress(vma(r)?))),
    ("io_submit", |r| Ok(Operation::IoSubmit(context(r)?, completion(r)?))),
    ("io_destroy", |r| Ok(Operation::IoDestroy(context(r)?))),
    ("alloc", |r| Ok(Operation::Alloc(r.number(&bounds::ALLOC)?.0))),
    ("free", |_| Ok(Operation::Free)),
    ("sleep", |r| Ok(Operation::Sleep(r.number(&bounds::JIFFIES)?.0))),
    ("exit", |_| Ok(Operation::Exit)),
    ("exit_group", |_| Ok(Operation::ExitGroup)),
    ("kill", |r| Ok(Operation::Kill(process(r)?))),
    ("wait", |r| Ok(Operation::Wait(process(r)?))),
    ("vfork", |r| Ok(Operation::Vfork(process(r)?))),
    ("get_task_mm", |r| Ok(Operation::GetTaskMm(process(r)?))),
    ("mmput", |_| Ok(Operation::Mmput)),
    ("mmput_async", |_| Ok(Operation::MmputAsync)),
    ("proc_maps", |r| Ok(Operation::ProcMaps(process(r)?))),
    ("process_vm_readv", |r| Ok(Operation::ProcessVmReadv(process(r)?, vma(r)?))),
    ("use_mm", |r| Ok(Operation::UseMm(process(r)?))),
    ("copy_from_user", |r| Ok(Operation::CopyFromUser(process(r)?, vma(r)?))),
    ("unuse_mm", |_| Ok(Operation::UnuseMm)),
    ("sysrq_f", |_| Ok(Operation::SysrqF)),
    ("guest_read", |r| Ok(Operation::GuestRead(process(r)?, vma(r)?))),
    ("guest_write", |r| Ok(Operation::GuestWrite(process(r)?, vma(r)?))),
    ("mmu_close", |_| Ok(Operation::MmuClose)),
];

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
    let Some((_, read)) = OPERATIONS.iter().find(|(word, _)| *word == name.text) else {
        return Err(unknown(name, "operations", &OPERATIONS.map(|(word, _)| word)));
    };
    let mut reader = Reader::after_first(words);
    let operation = read(&mut reader)?;
    parser.mark(item, "", name.span());
    let end = reader.end();
    for (argument, word) in operation.arguments().zip(&words[1..]) {
        parser.mark(item, argument.key(), word.span());
        if argument.key() == "COMPLETION" {
            parser.mark(item, argument.key(), word.start..end);
        }
    }
    reader.finish()?;
    Ok(operation)
}

fn vma(reader: &mut Reader) -> Result<String, Mistake> {
    Ok(reader.expect("the name of a VMA")?.text.into())
}

fn context(reader: &mut Reader) -> Result<String, Mistake> {
    Ok(reader.expect("the name of an AIO context")?.text.into())
}

fn process(reader: &mut Reader) -> Result<String, Mistake> {
    Ok(reader.expect("the name of a process")?.text.into())
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
