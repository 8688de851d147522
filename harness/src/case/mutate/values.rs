//! Changes numbers, kinds and flags.
//!
//! Numbers move by little: one up or down, or to the double or half. A case that nearly fails is
//! next to one that does, and what is far away the generator reaches. Out-of-range results are
//! left to repair.

use crate::case::generate::draw::Draw;
use crate::case::generate::scope::tasks;
use crate::case::generate::swarm::Swarm;
use crate::case::generate::{operations, parts, topology};
use crate::case::mutate::structure::{any_thread, any_user};
use crate::case::{Argument, Case, EmptyPmd, Fault, Operation, Time, Tlb};

/// A number nearby.
fn nudge(value: u32, draw: &mut Draw) -> u32 {
    match draw.below(4) {
        0 => value.saturating_add(1),
        1 => value.saturating_sub(1),
        2 => value.saturating_mul(2),
        _ => value / 2,
    }
}

/// [`nudge`] for smaller numbers.
fn nudge_small<N: Copy + Into<u32> + TryFrom<u32>>(value: &mut N, draw: &mut Draw) {
    *value = N::try_from(nudge((*value).into(), draw)).unwrap_or(*value);
}

/// Frames or a watermark. Frames move most: they decide how much pressure there is.
pub(super) fn machine(case: &mut Case, draw: &mut Draw) -> bool {
    let machine = &mut case.machine;
    match draw.below(4) {
        0 => nudge_small(&mut machine.min, draw),
        1 => nudge_small(&mut machine.high, draw),
        _ => nudge_small(&mut machine.frames, draw),
    }
    true
}

/// Timers, TLB, or what an empty middle-level entry is.
pub(super) fn clock_and_mmu(case: &mut Case, draw: &mut Draw) -> bool {
    let machine = &mut case.machine;
    match draw.below(4) {
        0 | 1 => machine.time = other(machine.time, Time::ALL),
        2 => machine.tlb = other(machine.tlb, Tlb::ALL),
        _ => machine.empty_pmd = other(machine.empty_pmd, EmptyPmd::ALL),
    }
    true
}

/// The other one of two choices.
fn other<T: PartialEq>(one: T, [a, b]: [T; 2]) -> T {
    if one == a { b } else { a }
}

/// `adj`, `notifiers` or `release`.
pub(super) fn process(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(process) = any_user(case, draw) else { return false };
    match draw.below(5) {
        0 => process.adj = 0,
        1 => process.adj = topology::adjustment(draw),
        2 => process.notifiers = 0,
        3 => process.release = topology::release(draw),
        _ => process.notifiers = topology::notifiers(draw),
    }
    true
}

/// Length, kind or a flag of a mapping.
pub(super) fn vma(case: &mut Case, draw: &mut Draw) -> bool {
    let vmas: Vec<_> = case.processes.iter_mut().flat_map(|process| &mut process.vmas).collect();
    let index = draw.below(vmas.len());
    let Some(vma) = vmas.into_iter().nth(index) else { return false };
    match draw.below(7) {
        0 | 1 => nudge_small(&mut vma.pages, draw),
        2 => vma.kind = parts::kind(&Swarm::even(), draw),
        3 => vma.locked = !vma.locked,
        4 => vma.huge = !vma.huge,
        5 => vma.mergeable = !vma.mergeable,
        _ => vma.unmapped = !vma.unmapped,
    }
    true
}

/// A number of an operation, or how an AIO request completes.
pub(super) fn operation(case: &mut Case, draw: &mut Draw) -> bool {
    let Some((process, thread)) = any_thread(case, draw) else { return false };
    let operations = &mut case.processes[process].threads[thread].operations;
    let mut tunable: Vec<_> = operations.iter_mut().map(numbers).collect();
    tunable.retain(|numbers| !numbers.is_empty());
    let index = draw.below(tunable.len());
    let Some(numbers) = tunable.get_mut(index) else { return false };
    // Most have one, for which nothing is drawn.
    let which = if numbers.len() > 1 { draw.below(numbers.len()) } else { 0 };
    tune(numbers[which], draw);
    true
}

/// The arguments that are numbers, or have some.
fn numbers(operation: &mut Operation) -> Vec<&mut Argument> {
    let is_name = |it: &Argument| {
        matches!(it, Argument::Vma(_) | Argument::Context(_) | Argument::Process(_))
    };
    operation.arguments.iter_mut().filter(|argument| !is_name(argument)).collect()
}

fn tune(argument: &mut Argument, draw: &mut Draw) {
    if let Argument::Pages(pages) = argument {
        match draw.chance(50) {
            true => nudge_small(pages, draw),
            false => *pages = operations::alloc(draw),
        }
    } else if let Some(jiffies) = argument.jiffies_mut()
        && draw.chance(50)
    {
        *jiffies = nudge(*jiffies, draw);
    } else if let Argument::Jiffies(jiffies) = argument {
        *jiffies = parts::jiffies(draw);
    } else if let Argument::Completion(completion) = argument {
        *completion = parts::completion(&Swarm::even(), draw);
    }
}

/// Point, knobs or filter of a fault.
pub(super) fn fault(case: &mut Case, draw: &mut Draw) -> bool {
    let tasks = tasks(case);
    let index = draw.below(case.faults.len());
    let Some(fault) = case.faults.get_mut(index) else { return false };
    match draw.below(4) {
        0 => fault.point = parts::point(&Swarm::even(), draw),
        1 => fault.task_filter = if draw.chance(50) { parts::task(&tasks, draw) } else { None },
        2 => redraw_knobs(fault, draw),
        _ => nudge_knob(fault, draw),
    }
    true
}

fn redraw_knobs(fault: &mut Fault, draw: &mut Draw) {
    let filter = fault.task_filter.take();
    let point = fault.point;
    *fault = parts::fault(&[], &Swarm::even(), draw);
    (fault.point, fault.task_filter) = (point, filter);
}

fn nudge_knob(fault: &mut Fault, draw: &mut Draw) {
    if let Some(nth) = &mut fault.fail_nth {
        *nth = nudge(*nth, draw);
        return;
    }
    match (&mut fault.times, draw.below(4)) {
        (_, 0) => nudge_small(&mut fault.probability, draw),
        (_, 1) => fault.interval = nudge(fault.interval, draw),
        (Some(times), 2) => *times = nudge(*times, draw),
        (_, _) => fault.space = nudge(fault.space, draw),
    }
}
