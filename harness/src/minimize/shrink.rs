//! Smaller cases: one part less, two that become one, or one number smaller.
//!
//! A pass is a function from a case to all cases that are one step smaller in its way, in the order in which
//! they are tried; [`repair`] takes away what a step leaves dangling. Passes know nothing of runs.

use super::{Best, Minimizer};
use crate::case::mutate::{merge_sharer, rename_process, renumber, repair};
use crate::case::{
    Argument, Case, EmptyPmd, Fault, Machine, Operation, Process, Release, Thread, Time, Tlb,
};
use crate::case::{Vma, VmaKind};
use crate::operation::{alloc::ALLOC, read::READ, write::WRITE};

/// All cases that are one step smaller.
type Pass = fn(&Case) -> Vec<Case>;

/// The passes, from what weighs most to what weighs least.
const PASSES: [(&str, Pass); 13] = [
    ("drop processes", |case| scarce(case, without(case, |case| vec![&mut case.processes]))),
    ("merge sharers", merged_sharers),
    ("drop faults", |case| without(case, |case| vec![&mut case.faults])),
    ("drop threads", |case| without(case, |case| processes(case, |it| &mut it.threads))),
    ("merge threads", merged_threads),
    ("drop operations", |case| scarce(case, without(case, all_operations))),
    ("drop pairs", without_pairs),
    ("merge allocations", merged_allocations),
    ("drop mappings", |case| {
        scarce(case, without(case, |case| processes(case, |it| &mut it.vmas)))
    }),
    ("allocate instead", allocating),
    ("drop contexts", |case| without(case, |case| processes(case, |it| &mut it.contexts))),
    ("plainer values", plainer),
    ("renumber", |case| vec![renumbered(case)]),
];

/// One turn of every pass.
pub(super) fn pass(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    for (name, pass) in PASSES {
        minimizer.turn(name);
        let (mut at, mut candidates) = (0, pass(&best.case));
        while at < candidates.len() && !minimizer.is_exhausted() {
            repair(&mut candidates[at]);
            if candidates[at] != best.case && minimizer.accept(best, &candidates[at]) {
                candidates = pass(&best.case);
            } else {
                at += 1;
            }
        }
    }
}

/// The case without one element of some lists, last element first.
fn without<T>(case: &Case, lists: impl Fn(&mut Case) -> Vec<&mut Vec<T>>) -> Vec<Case> {
    let lengths: Vec<usize> = lists(&mut case.clone()).iter().map(|list| list.len()).collect();
    let places = lengths.iter().enumerate().rev();
    let places = places.flat_map(|(list, &length)| (0..length).rev().map(move |at| (list, at)));
    let drop = |(list, at): (usize, usize)| {
        changed(case, |case| {
            lists(case)[list].remove(at);
        })
    };
    places.map(drop).collect()
}

/// Each smaller case, and after it the same with as many frames less as it takes pages less: what fails because
/// memory is scarce fails only as long as it stays so.
fn scarce(case: &Case, smaller: Vec<Case>) -> Vec<Case> {
    let tighter = |smaller: &Case| {
        let less = pages(case).saturating_sub(pages(smaller));
        let frames = smaller.machine.frames.saturating_sub(less);
        (less > 0).then(|| changed(smaller, |it| it.machine.frames = frames))
    };
    smaller
        .into_iter()
        .flat_map(|it| [tighter(&it), Some(it)].into_iter().rev().flatten())
        .collect()
}

/// The pages that a case takes, if its mappings are touched and nothing is freed.
fn pages(case: &Case) -> u16 {
    let mapped = case.processes.iter().flat_map(|it| &it.vmas).map(|vma| u16::from(vma.pages));
    let threads = case.processes.iter().flat_map(|it| &it.threads);
    let allocated = threads.flat_map(|it| &it.operations).map(|it| u16::from(it.pages()));
    mapped.chain(allocated).sum()
}

/// Two allocations of a thread made at once, at the place of the first.
fn merged_allocations(case: &Case) -> Vec<Case> {
    let merge = |(list, early, late): (usize, usize, usize)| {
        let mut merged = case.clone();
        let operations = &mut all_operations(&mut merged)[list];
        let (first, second) = (&operations[early], &operations[late]);
        let both = [first, second].iter().all(|it| *it.kind == ALLOC);
        let pages = first.pages().checked_add(second.pages()).filter(|_| both)?;
        operations[early] = ALLOC.of([Argument::Pages(pages)]);
        operations.remove(late);
        Some(merged)
    };
    pairs(case).into_iter().filter_map(merge).collect()
}

/// Each mapping away; who touched it allocates as many pages at that place.
fn allocating(case: &Case) -> Vec<Case> {
    let processes = case.processes.iter().enumerate();
    let places = processes.flat_map(|(p, process)| (0..process.vmas.len()).map(move |v| (p, v)));
    let allocate = |(p, v): (usize, usize)| {
        changed(case, |case| {
            let Vma { name, pages, .. } = case.processes[p].vmas.remove(v);
            let threads = case.processes[p].threads.iter_mut();
            let touch = threads.flat_map(|it| &mut it.operations).find(|it| touches(it, &name));
            touch.into_iter().for_each(|it| *it = ALLOC.of([Argument::Pages(pages)]));
        })
    };
    places.map(allocate).collect()
}

fn touches(operation: &Operation, mapping: &str) -> bool {
    [&WRITE, &READ].contains(&operation.kind) && operation.vma() == Some(mapping)
}

fn changed(case: &Case, change: impl FnOnce(&mut Case)) -> Case {
    let mut case = case.clone();
    change(&mut case);
    case
}

/// A list of each process.
fn processes<T>(case: &mut Case, list: fn(&mut Process) -> &mut Vec<T>) -> Vec<&mut Vec<T>> {
    case.processes.iter_mut().map(list).collect()
}

fn all_operations(case: &mut Case) -> Vec<&mut Vec<Operation>> {
    let threads = case.processes.iter_mut().flat_map(|process| &mut process.threads);
    threads.map(|thread| &mut thread.operations).collect()
}

/// Most pairs that are tried: what takes and what gives back go only together.
const PAIRS: usize = 45;

/// The case without two operations of one thread.
fn without_pairs(case: &Case) -> Vec<Case> {
    let drop = |(list, early, late): (usize, usize, usize)| {
        changed(case, |case| {
            let operations = &mut all_operations(case)[list];
            operations.remove(late);
            operations.remove(early);
        })
    };
    pairs(case).into_iter().take(PAIRS).map(drop).collect()
}

/// Places of two operations of one thread: its number among all threads, the earlier one, the later one.
fn pairs(case: &Case) -> Vec<(usize, usize, usize)> {
    let lengths: Vec<_> = all_operations(&mut case.clone()).iter().map(|list| list.len()).collect();
    let lists = lengths.into_iter().enumerate();
    let of_list = |(list, length)| {
        (1..length).flat_map(move |late| (0..late).map(move |early| (list, early, late)))
    };
    lists.flat_map(of_list).collect()
}

/// The threads of each sharer become threads of the process whose address space it uses.
fn merged_sharers(case: &Case) -> Vec<Case> {
    let sharers = (0..case.processes.len()).filter(|&p| case.processes[p].shares.is_some());
    sharers.rev().map(|sharer| changed(case, |case| merge_sharer(case, sharer))).collect()
}

/// What each thread does is done by the one before it, afterwards.
fn merged_threads(case: &Case) -> Vec<Case> {
    let threads = case.processes.iter().enumerate();
    let places = threads.flat_map(|(p, process)| (1..process.threads.len()).map(move |t| (p, t)));
    let merge = |(p, t): (usize, usize)| {
        changed(case, |case| {
            let Thread { operations, .. } = case.processes[p].threads.remove(t);
            case.processes[p].threads[t - 1].operations.extend(operations);
        })
    };
    places.map(merge).collect()
}

fn renumbered(case: &Case) -> Case {
    changed(case, renumber)
}

/// Each value made plainer or smaller.
fn plainer(case: &Case) -> Vec<Case> {
    let mut all: Vec<Case> = MACHINE.iter().map(|change| changed(case, change)).collect();
    for fault in 0..case.faults.len() {
        all.extend(FAULT.map(|change| changed(case, |case| change(&mut case.faults[fault]))));
    }
    for p in 0..case.processes.len() {
        if case.processes[p].name == "init" {
            all.push(changed(case, |case| rename_process(case, p, "p")));
        }
        all.extend(PROCESS.map(|change| changed(case, |case| change(&mut case.processes[p]))));
        for v in 0..case.processes[p].vmas.len() {
            let vma =
                |case: &mut Case, change: fn(&mut Vma)| change(&mut case.processes[p].vmas[v]);
            all.extend(VMA.map(|change| changed(case, |case| vma(case, change))));
        }
    }
    let count = all_arguments(&mut case.clone()).len();
    for at in 0..count {
        for change in [halve, decrement] {
            all.push(changed(case, |case| change(all_arguments(case)[at])));
        }
    }
    all
}

fn all_arguments(case: &mut Case) -> Vec<&mut Argument> {
    let operations = all_operations(case).into_iter().flatten();
    operations.flat_map(|operation| &mut operation.arguments).collect()
}

/// Changes of the machine that make it plainer.
const MACHINE: [fn(&mut Case); 8] = [
    |case| case.machine = Machine::default(),
    |case| case.machine.tlb = Tlb::Eager,
    |case| case.machine.empty_pmd = EmptyPmd::Bad,
    |case| case.machine.time = Time::Fair,
    |case| (case.machine.min, case.machine.high) = (1, 2),
    |case| case.machine.frames = 16,
    |case| case.machine.frames /= 2,
    |case| case.machine.frames = case.machine.frames.saturating_sub(1),
];

/// Changes of a fault that make it plainer.
const FAULT: [fn(&mut Fault); 5] = [
    |fault| *fault = Fault { task_filter: None, ..fault.clone() },
    |fault| fault.probability = 100,
    |fault| (fault.interval, fault.times, fault.space) = (1, None, 0),
    |fault| fault.fail_nth = fault.fail_nth.map(|_| 1),
    |fault| fault.fail_nth = fault.fail_nth.map(|nth| nth - 1),
];

/// Changes of a process that make it plainer.
const PROCESS: [fn(&mut Process); 7] = [
    |process| process.notifiers = 0,
    |process| process.notifiers = process.notifiers.min(1),
    |process| process.release = Release::Plain,
    |process| process.parent = None,
    |process| process.adj = 0,
    |process| process.adj = process.adj.signum() * 1000,
    |process| process.shares = None,
];

/// Changes of a mapping that make it plainer.
const VMA: [fn(&mut Vma); 7] = [
    |vma| vma.pages = 1,
    |vma| vma.pages = vma.pages.saturating_sub(4).max(4),
    |vma| vma.pages = vma.pages.saturating_sub(1).max(1),
    |vma| vma.mergeable = false,
    |vma| vma.huge = false,
    |vma| vma.locked = false,
    |vma| vma.kind = VmaKind::Anon,
];

fn halve(argument: &mut Argument) {
    change(argument, |number| number / 2);
}

fn decrement(argument: &mut Argument) {
    change(argument, |number| number.saturating_sub(1));
}

/// Changes the number of an argument, if it has one.
fn change(argument: &mut Argument, smaller: fn(u32) -> u32) {
    if let Argument::Pages(pages) = argument {
        *pages = smaller(u32::from(*pages)) as u8;
    }
    if let Some(jiffies) = argument.jiffies_mut() {
        *jiffies = smaller(*jiffies);
    }
}
