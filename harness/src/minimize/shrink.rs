//! Smaller cases: one part less, or one number smaller.

use super::Minimizer;
use crate::case::mutate::repair;
use crate::case::{Case, Completion, Machine, Operation, Process, Time, Tlb, VmaKind};

/// Tries every part and every number once, from the largest parts to the smallest.
pub(super) fn pass(minimizer: &mut Minimizer<'_>, best: &mut Case) {
    drop_each(minimizer, best, |case| &mut case.processes);
    drop_each(minimizer, best, |case| &mut case.faults);
    for p in (0..best.processes.len()).rev() {
        shrink_process(minimizer, best, p);
    }
    for change in CHANGES {
        try_change(minimizer, best, change);
    }
}

/// Drops the elements of a list, last first, each if the failure stays the same without it.
fn drop_each<T>(
    minimizer: &mut Minimizer<'_>,
    best: &mut Case,
    list: impl Fn(&mut Case) -> &mut Vec<T>,
) {
    for at in (0..list(&mut best.clone()).len()).rev() {
        try_change(minimizer, best, |case| {
            let list = list(case);
            if at < list.len() {
                list.remove(at);
            }
        });
    }
}

fn try_change(minimizer: &mut Minimizer<'_>, best: &mut Case, change: impl Fn(&mut Case)) -> bool {
    let mut candidate = best.clone();
    change(&mut candidate);
    repair(&mut candidate);
    candidate != *best && minimizer.accept(best, candidate)
}

fn shrink_process(minimizer: &mut Minimizer<'_>, best: &mut Case, p: usize) {
    if p >= best.processes.len() {
        return;
    }
    drop_each(minimizer, best, |case| threads(case, p));
    for t in (0..threads(best, p).len()).rev() {
        drop_each(minimizer, best, |case| operations(case, p, t));
    }
    drop_each(minimizer, best, |case| &mut process(case, p).vmas);
    drop_each(minimizer, best, |case| &mut process(case, p).contexts);
    for change in PROCESS_CHANGES {
        try_change(minimizer, best, |case| case.processes.get_mut(p).into_iter().for_each(change));
    }
    shrink_vmas(minimizer, best, p);
    shrink_operations(minimizer, best, p);
}

/// The process, or the last one if there are fewer by now.
fn process(case: &mut Case, p: usize) -> &mut Process {
    let last = case.processes.len() - 1;
    &mut case.processes[p.min(last)]
}

fn threads(case: &mut Case, p: usize) -> &mut Vec<crate::case::Thread> {
    &mut process(case, p).threads
}

fn operations(case: &mut Case, p: usize, t: usize) -> &mut Vec<Operation> {
    let threads = threads(case, p);
    let last = threads.len() - 1;
    &mut threads[t.min(last)].operations
}

/// Changes of a process that make it plainer.
const PROCESS_CHANGES: [fn(&mut Process); 4] = [
    |process| process.notifiers = 0,
    |process| process.parent = None,
    |process| process.adj = 0,
    |process| process.shares = None,
];

/// Changes of the whole case that make it plainer.
const CHANGES: [fn(&mut Case); 9] = [
    |case| case.machine = Machine::default(),
    |case| case.machine.tlb = Tlb::Eager,
    |case| case.machine.time = Time::Fair,
    |case| case.machine.frames = Machine::default().frames,
    |case| (case.machine.min, case.machine.high) = (1, 2),
    |case| case.machine.frames = 16,
    |case| case.machine.frames /= 2,
    |case| case.machine.frames = case.machine.frames.saturating_sub(1),
    |case| case.faults.iter_mut().for_each(|fault| fault.task_filter = None),
];

fn shrink_vmas(minimizer: &mut Minimizer<'_>, best: &mut Case, p: usize) {
    let count = |case: &Case| case.processes.get(p).map_or(0, |process| process.vmas.len());
    for v in 0..count(best) {
        let changes: [fn(&mut crate::case::Vma); 7] = [
            |vma| vma.pages = 1,
            |vma| vma.pages = vma.pages.saturating_sub(4).max(4),
            |vma| vma.pages = vma.pages.saturating_sub(1).max(1),
            |vma| vma.mergeable = false,
            |vma| vma.huge = false,
            |vma| vma.locked = false,
            |vma| vma.kind = VmaKind::Anon,
        ];
        for change in changes {
            try_change(minimizer, best, |case| {
                let vmas = case.processes.get_mut(p).map(|process| &mut process.vmas);
                vmas.and_then(|vmas| vmas.get_mut(v)).into_iter().for_each(change);
            });
        }
    }
}

fn shrink_operations(minimizer: &mut Minimizer<'_>, best: &mut Case, p: usize) {
    let threads = best.processes.get(p).map_or(0, |process| process.threads.len());
    for t in 0..threads {
        for o in 0..best.processes[p].threads.get(t).map_or(0, |t| t.operations.len()) {
            for change in [halve as fn(&mut Operation), to_one] {
                try_change(minimizer, best, |case| {
                    let thread = case.processes.get_mut(p).and_then(|p| p.threads.get_mut(t));
                    thread.and_then(|t| t.operations.get_mut(o)).into_iter().for_each(change);
                });
            }
        }
    }
}

fn halve(operation: &mut Operation) {
    match operation {
        Operation::Alloc(pages) => *pages = (*pages / 2).max(1),
        Operation::Sleep(jiffies)
        | Operation::IoSubmit(_, Completion::After(jiffies) | Completion::ErrorAfter(jiffies)) => {
            *jiffies /= 2;
        }
        _ => {}
    }
}

fn to_one(operation: &mut Operation) {
    match operation {
        Operation::Alloc(pages) => *pages = 1,
        Operation::Sleep(jiffies)
        | Operation::IoSubmit(_, Completion::After(jiffies) | Completion::ErrorAfter(jiffies)) => {
            *jiffies = (*jiffies).min(1);
        }
        _ => {}
    }
}

/// The sum of all numbers and flags: what is left to make smaller when nothing can be dropped.
pub(super) fn numbers(case: &Case) -> u64 {
    let machine = &case.machine;
    let plain = Machine::default();
    let odd = u64::from(machine.time != plain.time) + u64::from(machine.tlb != plain.tlb);
    let marks =
        if *machine == plain { 0 } else { u64::from(machine.frames + machine.min + machine.high) };
    let processes: u64 = case.processes.iter().map(process_numbers).sum();
    let nth: u64 =
        case.schedule.segments.iter().flat_map(|s| &s.until).map(|s| u64::from(s.nth)).sum();
    1000 * odd + marks + processes + nth
}

fn process_numbers(process: &Process) -> u64 {
    let vma = |vma: &crate::case::Vma| {
        let flags = u64::from(vma.locked) + u64::from(vma.huge) + u64::from(vma.mergeable);
        u64::from(vma.pages) + 4 * flags + u64::from(vma.kind != VmaKind::Anon)
    };
    let operation = |operation: &Operation| match operation {
        Operation::Alloc(pages) => u64::from(*pages),
        Operation::Sleep(jiffies) => u64::from(*jiffies),
        Operation::IoSubmit(_, Completion::After(j) | Completion::ErrorAfter(j)) => u64::from(*j),
        _ => 0,
    };
    let operations = process.threads.iter().flat_map(|t| &t.operations).map(operation);
    let keys = u64::from(process.parent.is_some())
        + u64::from(process.notifiers)
        + u64::from(process.shares.is_some())
        + u64::from(process.adj.unsigned_abs());
    process.vmas.iter().map(vma).sum::<u64>() + operations.sum::<u64>() + keys
}
