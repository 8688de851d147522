//! Writes a case as text: the one canonical form.
//!
//! There is exactly one text for each tree, with keys in a fixed order and defaults left out, so
//! that two cases differ as text only where they differ in meaning, and a diff of two corpus files
//! is readable. Two laws hold (tested in `tests/case_text.rs`): a case that passes
//! [`super::check::check`] is read back as itself, and the text of a case that was read is printed
//! as itself from then on.
//!
//! What this does not keep: comments other than [`Case::notes`], the order of keys, indentation.

use super::{
    Argument, Case, Completion, EmptyPmd, Expect, Fault, Machine, Operation, Process, ProcessKind,
    Release, Schedule, Segment, Signature, Thread, Time, Tlb, VERSION, Vma,
};
use crate::schedule::in_order::IN_ORDER;
use std::fmt::{Display, Formatter, Result};

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "mmreap case {VERSION}")?;
        for note in &self.notes {
            writeln!(f, "{}", format!("# {note}").trim_end_matches(' '))?;
        }
        writeln!(f, "kernel {}", self.kernel)?;
        if self.machine != Machine::default() {
            writeln!(f, "{}", self.machine)?;
        }
        for process in &self.processes {
            write!(f, "\n{process}")?;
        }
        block(f, &self.faults)?;
        write!(f, "{}", self.schedule)?;
        expectations(f, self)
    }
}

impl Case {
    /// How many lines its text has, but for notes, verdicts and empty lines.
    pub fn lines(&self) -> usize {
        let process = |p: &Process| 1 + p.vmas.len() + p.contexts.len() + p.threads.len();
        let processes: usize = self.processes.iter().map(process).sum();
        let machine = usize::from(self.machine != Machine::default());
        let schedule =
            if self.schedule.is_default() { 0 } else { 1 + self.schedule.segments.len() };
        2 + machine + processes + self.faults.len() + schedule
    }
}

impl Schedule {
    /// Whether it is that of a case that says nothing of it.
    fn is_default(&self) -> bool {
        self.strategy == IN_ORDER.of(&[]) && self.segments.is_empty()
    }
}

/// A blank line, then one line for each item; nothing at all without items.
fn block(f: &mut Formatter<'_>, lines: &[impl Display]) -> Result {
    for (index, line) in lines.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        writeln!(f, "{gap}{line}")?;
    }
    Ok(())
}

fn expectations(f: &mut Formatter<'_>, case: &Case) -> Result {
    let expect = case.expect.iter().map(|expect| format!("expect {expect}"));
    let others = case.others.iter().map(|(kernel, expect)| format!("on {kernel} {expect}"));
    block(f, &expect.chain(others).collect::<Vec<_>>())
}

/// ` KEY VALUE`, unless it is the value that a line without the key means.
fn unless<T: PartialEq + Display>(
    f: &mut Formatter<'_>,
    default: T,
    key: &str,
    value: T,
) -> Result {
    if value == default { Ok(()) } else { write!(f, " {key} {value}") }
}

/// ` KEY VALUE`, if there is a value.
fn optional(f: &mut Formatter<'_>, key: &str, value: Option<impl Display>) -> Result {
    value.map_or(Ok(()), |value| write!(f, " {key} {value}"))
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "machine frames {} min {} high {}", self.frames, self.min, self.high)?;
        unless(f, Time::default().name(), "time", self.time.name())?;
        unless(f, Tlb::default().name(), "tlb", self.tlb.name())?;
        unless(f, EmptyPmd::default().name(), "empty_pmd", self.empty_pmd.name())
    }
}

impl Display for Process {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let keyword = match self.kind {
            ProcessKind::User => "process",
            ProcessKind::Kernel => "kthread",
        };
        write!(f, "{keyword} {}", self.name)?;
        optional(f, "shares", self.shares.as_ref())?;
        optional(f, "parent", self.parent.as_ref())?;
        unless(f, 0, "adj", self.adj)?;
        unless(f, 0, "notifiers", self.notifiers)?;
        unless(f, Release::Plain.name(), "release", self.release.name())?;
        writeln!(f)?;
        self.vmas.iter().try_for_each(|vma| writeln!(f, "  {vma}"))?;
        self.contexts.iter().try_for_each(|context| writeln!(f, "  aio {context}"))?;
        self.threads.iter().try_for_each(|thread| writeln!(f, "  {thread}"))
    }
}

impl Display for Vma {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = if self.pages == 1 { "page" } else { "pages" };
        write!(f, "vma {} {} {} {unit}", self.name, self.kind.name(), self.pages)?;
        let flags = [
            (self.locked, "locked"),
            (self.huge, "huge"),
            (self.mergeable, "mergeable"),
            (self.unmapped, "unmapped"),
        ];
        flags.iter().filter(|(set, _)| *set).try_for_each(|(_, word)| write!(f, " {word}"))
    }
}

impl Display for Thread {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "thread {}:", self.name)?;
        for (index, operation) in self.operations.iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            write!(f, "{separator} {operation}")?;
        }
        Ok(())
    }
}

impl Display for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.name())?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Argument::Vma(name) | Argument::Context(name) | Argument::Process(name) => {
                f.write_str(name)
            }
            Argument::Pages(pages) => write!(f, "{pages}"),
            Argument::Jiffies(jiffies) => write!(f, "{jiffies}"),
            Argument::Completion(completion) => write!(f, "{completion}"),
        }
    }
}

impl Display for Completion {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Completion::After(jiffies) => write!(f, "after {jiffies}"),
            Completion::ErrorAfter(jiffies) => write!(f, "error after {jiffies}"),
            Completion::AfterAlloc => f.write_str("after_alloc"),
            Completion::Never => f.write_str("never"),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "fault {}", self.point.name())?;
        unless(f, 100, "probability", self.probability)?;
        unless(f, 1, "interval", self.interval)?;
        optional(f, "times", self.times)?;
        unless(f, 0, "space", self.space)?;
        optional(f, "fail-nth", self.fail_nth)?;
        optional(f, "task-filter", self.task_filter.as_ref())
    }
}

/// With its blank line above; empty for the schedule that a case without the line has.
impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.is_default() {
            return Ok(());
        }
        writeln!(f, "\nschedule {}", self.strategy)?;
        self.segments.iter().try_for_each(|segment| writeln!(f, "  {segment}"))
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "run {}", self.task)?;
        let Some(stop) = &self.until else {
            return Ok(());
        };
        write!(f, " until {}", stop.site)?;
        unless(f, 1, "nth", stop.nth)
    }
}

impl Display for Expect {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expect::Pass => f.write_str("pass"),
            Expect::Fail(signature) => write!(f, "{signature}"),
        }
    }
}

impl Display for Signature {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.oracle, self.object)?;
        self.sites.iter().try_for_each(|site| write!(f, " {site}"))
    }
}
