//! Reads the lines of a process: its keys, VMAs, AIO contexts and threads.

use super::{Mistake, Parser, Reader, Word, operation, unknown};
use crate::case::{
    Case, Process, ProcessKind, Release, Thread, Vma, VmaKind,
    check::{Item, bounds},
    error::quote,
};

const KEYS: [&str; 5] = ["shares", "parent", "adj", "notifiers", "release"];

/// A flag of a VMA: its word, and where it goes.
type Flag = (&'static str, fn(&mut Vma) -> &mut bool);

const FLAGS: [Flag; 4] = [
    ("locked", |vma| &mut vma.locked),
    ("huge", |vma| &mut vma.huge),
    ("mergeable", |vma| &mut vma.mergeable),
    ("unmapped", |vma| &mut vma.unmapped),
];

impl<'a> Parser<'a> {
    pub(super) fn process(
        &mut self,
        case: &mut Case,
        first: Word,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        if !self.once.contains_key("kernel") {
            let message = "the kernel is missing";
            let help = "a `kernel` line, such as `kernel v4.14`, comes before the first process";
            return Err(Mistake::at(first.span(), message).help(help));
        }
        let item = Item::Process(case.processes.len());
        let name = reader.expect("a name")?;
        self.mark(item, "", name.span());
        let mut process = without_keys(first, name);
        while let Some(key) = reader.key()? {
            self.process_key(&mut process, item, key, reader)?;
        }
        case.processes.push(process);
        Ok(())
    }

    fn process_key(
        &mut self,
        process: &mut Process,
        item: Item,
        key: Word,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        match key.text {
            "shares" => process.shares = Some(self.reference(item, "shares", reader)?),
            "parent" => process.parent = Some(self.reference(item, "parent", reader)?),
            "adj" => process.adj = self.number(item, "adj", &bounds::ADJ, reader)?,
            "notifiers" => {
                process.notifiers = self.number(item, "notifiers", &bounds::NOTIFIERS, reader)?;
            }
            "release" => {
                self.mark(item, "release", key.span());
                let what = "values of `release`";
                process.release = reader.choice(what, &Release::ALL, Release::name)?;
            }
            _ => {
                return Err(match process.kind {
                    ProcessKind::User => unknown(key, "keys of `process`", &KEYS),
                    ProcessKind::Kernel => unknown(key, "keys of `kthread`", &[]),
                });
            }
        }
        Ok(())
    }

    fn reference(
        &mut self,
        item: Item,
        key: &'static str,
        reader: &mut Reader<'a, '_>,
    ) -> Result<String, Mistake> {
        let name = reader.expect("the name of a process")?;
        self.mark(item, key, name.span());
        Ok(name.text.into())
    }

    pub(super) fn vma(
        &mut self,
        case: &mut Case,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        let Some((number, process)) = latest(case) else {
            return Ok(());
        };
        let item = Item::Vma(number, process.vmas.len());
        let name = reader.expect("a name")?;
        self.mark(item, "", name.span());
        let kind = reader.choice("kinds of VMA", &VmaKind::ALL, VmaKind::name)?;
        let pages = self.number(item, "pages", &bounds::PAGES, reader)?;
        let unit = reader.expect("`pages`")?;
        if !matches!(unit.text, "page" | "pages") {
            return Err(unknown(unit, "what may follow", &["pages"]));
        }
        let name = name.text.into();
        let [locked, huge, mergeable, unmapped] = [false; 4];
        let mut vma = Vma { name, kind, pages, locked, huge, mergeable, unmapped };
        while let Some(key) = reader.key()? {
            self.flag(&mut vma, item, key)?;
        }
        process.vmas.push(vma);
        Ok(())
    }

    fn flag(&mut self, vma: &mut Vma, item: Item, word: Word) -> Result<(), Mistake> {
        let Some((name, field)) = FLAGS.iter().find(|(name, _)| *name == word.text) else {
            return Err(unknown(word, "flags of a VMA", &FLAGS.map(|(name, _)| name)));
        };
        self.mark(item, name, word.span());
        *field(vma) = true;
        Ok(())
    }

    pub(super) fn context(
        &mut self,
        case: &mut Case,
        reader: &mut Reader<'a, '_>,
    ) -> Result<(), Mistake> {
        let Some((number, process)) = latest(case) else {
            return Ok(());
        };
        let name = reader.expect("a name")?;
        self.mark(Item::Context(number, process.contexts.len()), "", name.span());
        process.contexts.push(name.text.into());
        Ok(())
    }

    pub(super) fn thread(
        &mut self,
        case: &mut Case,
        reader: &mut Reader<'a, '_>,
        words: &[Word<'a>],
    ) -> Result<(), Mistake> {
        let Some((number, process)) = latest(case) else {
            return Ok(());
        };
        let item = Item::Thread(number, process.threads.len());
        let word = reader.expect("a name and a colon, as in `thread main: exit`")?;
        let Some(name) = word.text.strip_suffix(':') else {
            let message = format!("there is no colon after {}", quote(word.text));
            let help = "the name of a thread ends with a colon, and a blank follows";
            return Err(Mistake::at(word.span(), message).help(help));
        };
        self.mark(item, "", word.start..word.start + name.len());
        let position = (number, process.threads.len());
        let operations = operation::read_all(self, position, reader, words)?;
        process.threads.push(Thread { name: name.into(), operations });
        Ok(())
    }
}

/// The process that is being read, and its index.
fn latest(case: &mut Case) -> Option<(usize, &mut Process)> {
    let index = case.processes.len().checked_sub(1)?;
    Some((index, &mut case.processes[index]))
}

fn without_keys(first: Word, name: Word) -> Process {
    let kind = if first.text == "process" { ProcessKind::User } else { ProcessKind::Kernel };
    Process {
        name: name.text.into(),
        kind,
        shares: None,
        parent: None,
        adj: 0,
        notifiers: 0,
        release: Release::Plain,
        vmas: Vec::new(),
        contexts: Vec::new(),
        threads: Vec::new(),
    }
}
