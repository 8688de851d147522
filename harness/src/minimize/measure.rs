//! How small a case is: the one order of cases.
//!
//! 1. Processes: each is a column of the diagram; nothing helps a reader more than one less.
//! 2. Faults: each has to be believed.
//! 3. Operations, with the mappings, contexts and threads they need: lines of the story.
//! 4. Preemptions: its turns. A schedule with fewer is nearer to what a machine does by itself.
//! 5. `run` lines beyond those that a file can have.
//! 6. `run` lines that leave open who runs: a schedule that strict following minds tells only half.
//! 7. Lines of the file.
//! 8. Numbers, and places in more words than necessary: what has to be held in the head.
//!
//! All but preemptions and open lines are in the text; these are counted in a run, as
//! [`crate::schedule::preemption`] and [`crate::schedule::follow`] say.

use crate::case::{
    Argument, Case, Completion, EmptyPmd, Machine, Operation, Process, Release, Segment, Time, Tlb,
    Vma, VmaKind, limit,
};
use crate::counted::counted;
use serde::Serialize;
use std::fmt;

/// The size of a case; smaller is smaller in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Measure {
    /// Processes and kernel threads.
    pub processes: usize,
    /// `fault` lines.
    pub faults: usize,
    /// Operations, threads, mappings and AIO contexts.
    pub operations: usize,
    /// Preemptions of its run.
    pub preemptions: usize,
    /// `run` lines beyond those that a file can have.
    pub excess: usize,
    /// Times that its run could not follow them strictly.
    pub open: usize,
    /// Lines of its text without notes, verdicts and empty lines.
    pub lines: usize,
    /// The sum of its numbers, flags and words.
    pub numbers: u64,
}

impl Measure {
    /// The size of a case whose run has so many preemptions, and is followed strictly.
    pub fn of(case: &Case, preemptions: usize) -> Measure {
        Measure {
            processes: case.processes.len(),
            faults: case.faults.len(),
            operations: case.processes.iter().map(operations).sum(),
            preemptions,
            excess: case.schedule.segments.len().saturating_sub(limit::SEGMENTS),
            open: 0,
            lines: case.lines(),
            numbers: numbers(case),
        }
    }

    /// What there is of it besides schedule and numbers.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.processes, self.faults, self.operations)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            counted(self.processes, "process", "processes"),
            counted(self.faults, "fault", "faults"),
            counted(self.operations, "operation", "operations"),
            counted(self.preemptions, "preemption", "preemptions"),
            counted(self.lines, "line", "lines"),
        ];
        f.write_str(&parts.join(", "))
    }
}

fn operations(process: &Process) -> usize {
    let threads = process.threads.iter().map(|thread| 1 + thread.operations.len());
    process.vmas.len() + process.contexts.len() + threads.sum::<usize>()
}

/// What `time any`, `tlb lazy`, `empty_pmd good`, and a process that nobody may kill cost: more than any number
/// that could be saved by them.
const ODD: u64 = 1000;

fn numbers(case: &Case) -> u64 {
    let machine = &case.machine;
    let plain = Machine::default();
    let same = (machine.frames, machine.min, machine.high) == (plain.frames, plain.min, plain.high);
    let marks = if same { 0 } else { u64::from(machine.frames + machine.min + machine.high) };
    let processes: u64 = case.processes.iter().map(of_process).sum();
    let segments: u64 = case.schedule.segments.iter().map(of_segment).sum();
    let filters = case.faults.iter().filter(|fault| fault.task_filter.is_some()).count() as u64;
    let odd = u64::from(machine.time == Time::Any)
        + u64::from(machine.tlb == Tlb::Lazy)
        + u64::from(machine.empty_pmd == EmptyPmd::Good);
    ODD * odd + marks + processes + segments + filters
}

fn of_process(process: &Process) -> u64 {
    let operations = process.threads.iter().flat_map(|thread| &thread.operations);
    let keys = u64::from(process.parent.is_some())
        + u64::from(process.notifiers)
        + u64::from(process.release != Release::Plain)
        + u64::from(process.shares.is_some())
        + u64::from(process.adj.unsigned_abs())
        + ODD * u64::from(process.name == "init");
    let vmas: u64 = process.vmas.iter().map(of_vma).sum();
    vmas + operations.map(of_operation).sum::<u64>() + keys + names(process)
}

/// What generated names are numbered with, so that `p1` is smaller than `p4`.
fn names(process: &Process) -> u64 {
    let number = |name: &str| name[1..].parse::<u64>().unwrap_or(0);
    let vmas = process.vmas.iter().map(|vma| &vma.name);
    let threads = process.threads.iter().map(|thread| &thread.name);
    let all = std::iter::once(&process.name).chain(vmas).chain(threads).chain(&process.contexts);
    all.map(|name| number(name)).sum()
}

fn of_vma(vma: &Vma) -> u64 {
    let flags = u64::from(vma.locked) + u64::from(vma.huge) + u64::from(vma.mergeable);
    u64::from(vma.pages) + 4 * flags + u64::from(vma.kind != VmaKind::Anon)
}

fn of_operation(operation: &Operation) -> u64 {
    let number = |argument: &Argument| match argument {
        Argument::Pages(pages) => u64::from(*pages),
        Argument::Jiffies(jiffies)
        | Argument::Completion(Completion::After(jiffies) | Completion::ErrorAfter(jiffies)) => {
            u64::from(*jiffies)
        }
        _ => 0,
    };
    operation.arguments.iter().map(number).sum()
}

/// A place costs by how much of it has to be said.
fn of_segment(segment: &Segment) -> u64 {
    let stop = segment.until.as_ref();
    stop.map_or(0, |stop| 2 + u64::from(stop.site.contains('/')) + u64::from(stop.nth))
}
