//! Makes a valid case of any tree, and leaves a valid case as it is.
//!
//! Mutation and crossover may so be careless: they change one thing and call this. What does not
//! resolve is dropped, what is out of range is moved to the nearest end, what clashes is renamed;
//! the passes run in the order in which later ones depend on earlier ones, and no pass spoils what
//! an earlier one has set right. Dropping is deterministic: equal trees give equal cases.
//!
//! It does not guess what was meant. To keep a reference alive through a change is the business of
//! whoever makes the change.

use std::mem;

use arbitrary::Unstructured;

use crate::case::check::{Item, check};
use crate::case::generate::operations::thread;
use crate::case::generate::parts::{HUGE_PAGES, lockable};
use crate::case::generate::scope::{self, Held, Scope, is_parent, user};
use crate::case::generate::topology;
use crate::case::generate::{self, LEAST_FRAMES};
use crate::case::mutate::names;
use crate::case::{
    Argument, Case, Fault, Machine, Operation, Process, ProcessKind, Release, Schedule, Thread,
    Vma, VmaKind, limit,
};
use crate::operation::Rule;

/// The revision of a case whose own cannot be written down: the one the project begins with.
const KERNEL: &str = "v4.14";

/// Makes the case valid.
pub fn repair(case: &mut Case) {
    names::repair(case);
    shape(case);
    machine(&mut case.machine);
    relations(case);
    vforks(case);
    operations(case);
    tasks(case);
    residue(case);
}

/// Numbers and counts of everything that stands for itself.
fn shape(case: &mut Case) {
    case.processes.truncate(limit::PROCESSES);
    if case.processes.is_empty() {
        case.processes.push(topology::process("p1".into(), ProcessKind::User, 1));
    }
    for process in &mut case.processes {
        match process.kind {
            ProcessKind::User => user_shape(process),
            ProcessKind::Kernel => kernel_shape(process),
        }
        process.threads.iter_mut().for_each(thread_shape);
    }
}

fn user_shape(process: &mut Process) {
    process.adj = process.adj.clamp(-1000, 1000);
    process.notifiers = process.notifiers.min(limit::NOTIFIERS);
    if process.notifiers == 0 {
        process.release = Release::Plain;
    }
    process.vmas.truncate(limit::VMAS);
    process.vmas.iter_mut().for_each(vma);
    process.contexts.truncate(limit::CONTEXTS);
    process.threads.truncate(limit::THREADS);
    if process.threads.is_empty() {
        process.threads.push(thread("t1".into()));
    }
}

/// Kernel threads have one thread and no keys.
fn kernel_shape(process: &mut Process) {
    let mut threads = mem::take(&mut process.threads);
    threads.truncate(1);
    let name = mem::take(&mut process.name);
    *process = topology::process(name, ProcessKind::Kernel, usize::from(threads.is_empty()));
    process.threads.append(&mut threads);
}

/// Flags that the kind does not permit are dropped, lengths are rounded down.
fn vma(vma: &mut Vma) {
    vma.locked &= lockable(vma.kind);
    vma.huge &= vma.kind == VmaKind::Anon;
    vma.mergeable &= vma.kind == VmaKind::Anon;
    vma.pages = vma.pages.clamp(1, limit::PAGES);
    if vma.huge {
        vma.pages = vma.pages.max(HUGE_PAGES) / HUGE_PAGES * HUGE_PAGES;
    }
}

/// Nothing follows an exit, and numbers are in range.
fn thread_shape(thread: &mut Thread) {
    let is_exit = |operation: &Operation| operation.kind.rule == Rule::End;
    let end = thread.operations.iter().position(is_exit).map_or(limit::OPERATIONS, |at| at + 1);
    thread.operations.truncate(end.min(limit::OPERATIONS));
    thread.operations.iter_mut().for_each(operation_numbers);
}

fn operation_numbers(operation: &mut Operation) {
    for argument in &mut operation.arguments {
        if let Argument::Pages(pages) = argument {
            *pages = (*pages).max(1);
        }
        if let Some(jiffies) = argument.jiffies_mut() {
            *jiffies = (*jiffies).min(limit::JIFFIES);
        }
    }
}

fn machine(machine: &mut Machine) {
    machine.frames = machine.frames.clamp(LEAST_FRAMES, limit::FRAMES);
    machine.high = machine.high.min(machine.frames - 1);
    machine.min = machine.min.min(machine.high);
}

/// `parent` and `shares`. Who shares has nothing of its own.
fn relations(case: &mut Case) {
    for index in 0..case.processes.len() {
        let process = &case.processes[index];
        let parent = process.parent.as_ref().and_then(|name| user(case, name));
        let shares = process.shares.as_ref().and_then(|name| user(case, name));
        let lends = |&owner: &usize| owner < index && case.processes[owner].shares.is_none();
        let has_parent = parent.is_some_and(|parent| parent != index);
        let has_owner = shares.filter(lends).is_some();
        let process = &mut case.processes[index];
        process.parent = process.parent.take().filter(|_| has_parent);
        process.shares = process.shares.take().filter(|_| has_owner);
        if has_owner {
            dispossess(process);
        }
    }
}

/// Takes away what belongs to an address space of one's own.
pub(super) fn dispossess(process: &mut Process) {
    process.vmas.clear();
    process.contexts.clear();
    (process.notifiers, process.release) = (0, Release::Plain);
}

/// Drops every `vfork` operation that is not the only one for a fit child.
fn vforks(case: &mut Case) {
    let mut vforked = Vec::new();
    each_thread(case, |case, process, operations| {
        operations.retain(|operation| {
            operation.starts().is_none_or(|child| vforkable(case, process, child, &mut vforked))
        });
    });
}

/// Visits the operations of every thread with a view of the case in which they are missing.
fn each_thread(case: &mut Case, mut visit: impl FnMut(&Case, usize, &mut Vec<Operation>)) {
    for process in 0..case.processes.len() {
        for thread in 0..case.processes[process].threads.len() {
            let mut operations = mem::take(&mut case.processes[process].threads[thread].operations);
            visit(case, process, &mut operations);
            case.processes[process].threads[thread].operations = operations;
        }
    }
}

/// Whether the process may vfork that child; notes it as the `vforked` child's only time.
fn vforkable(case: &Case, parent: usize, name: &str, vforked: &mut Vec<usize>) -> bool {
    let fit = user(case, name).filter(|&child| {
        case.processes[parent].kind == ProcessKind::User
            && is_parent(case, parent, child)
            && !vforked.contains(&child)
            && is_bare(&case.processes[child])
            && !case.processes.iter().any(|other| other.shares.as_deref() == Some(name))
            && !descends(case, parent, child, vforked)
    });
    vforked.extend(fit);
    fit.is_some()
}

/// Whether it has nothing of an address space of its own.
fn is_bare(it: &Process) -> bool {
    it.vmas.is_empty() && it.contexts.is_empty() && it.notifiers == 0 && it.shares.is_none()
}

/// Whether `process` was vforked by `ancestor`, or by one that was.
fn descends(case: &Case, process: usize, ancestor: usize, vforked: &[usize]) -> bool {
    let parent = |&child: &usize| {
        let name = case.processes[child].parent.as_ref().filter(|_| vforked.contains(&child));
        name.and_then(|name| user(case, name))
    };
    let line = std::iter::successors(Some(process), parent);
    line.take(case.processes.len()).any(|process| process == ancestor)
}

/// Drops what is not permitted, does not resolve, or cannot come next.
fn operations(case: &mut Case) {
    let scope = Scope::of(case);
    each_thread(case, |case, process, operations| {
        let mut held = Held::default();
        operations.retain(|next| scope.allows(case, process, next) && held.step(next));
    });
}

/// Faults and schedule: all that names tasks.
fn tasks(case: &mut Case) {
    let known = scope::tasks(case);
    case.faults.truncate(limit::FAULTS);
    for fault in &mut case.faults {
        knobs(fault);
        fault.task_filter = fault.task_filter.take().filter(|task| known.contains(task));
    }
    schedule(&mut case.schedule, &known);
}

/// With `fail-nth`, the other knobs are at their defaults.
fn knobs(fault: &mut Fault) {
    if let Some(nth) = &mut fault.fail_nth {
        *nth = (*nth).max(1);
        (fault.probability, fault.interval, fault.times, fault.space) = (100, 1, None, 0);
    }
    fault.probability = fault.probability.min(100);
    fault.interval = fault.interval.max(1);
}

fn schedule(schedule: &mut Schedule, known: &[String]) {
    schedule.strategy = schedule.strategy.clamped();
    schedule.segments.retain(|segment| known.contains(&segment.task));
    schedule.segments.truncate(limit::SEGMENTS);
    for stop in schedule.segments.iter_mut().filter_map(|segment| segment.until.as_mut()) {
        stop.nth = stop.nth.max(1);
    }
}

/// Drops whatever the checker still refuses: words and notes that cannot be written down, verdicts
/// that say something twice, text that is too long. What nobody foresaw costs the whole case, so
/// that the result is valid even if this file and the checker should ever disagree.
fn residue(case: &mut Case) {
    while let Err(problem) = check(case) {
        match problem.place.item {
            Item::Note(index) => drop(case.notes.remove(index)),
            Item::Kernel => case.kernel = KERNEL.into(),
            Item::Segment(index) => drop(case.schedule.segments.remove(index)),
            Item::Expect => case.expect = None,
            Item::Other(index) => drop(case.others.remove(index)),
            _ => shrink(case),
        }
    }
}

/// Takes away the longest parts that a case can do without; if it has none of them, its kernel's
/// name; and after that, all.
fn shrink(case: &mut Case) {
    let parts = case.notes.len() + case.schedule.segments.len() + case.others.len();
    case.notes.clear();
    case.schedule.segments.clear();
    case.others.clear();
    if parts == 0 && case.kernel != KERNEL {
        case.kernel = KERNEL.into();
    } else if parts == 0 {
        *case = generate::case(&mut Unstructured::new(&[]), KERNEL);
    }
}
