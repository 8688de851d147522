//! Makes new cases out of raw bytes.
//!
//! Total: any bytes give a valid case, and where they run out the choices become small and plain.
//! The bytes are entropy and nothing more. They are never stored (a changed bound would make
//! another case of them); what is stored is the text of the case.
//!
//! A case is made in the order of its dependencies: relations between processes and their mappings
//! (`topology`), operations (`operations`), faults (`parts`), and then a machine that is just
//! about too small for all that. Memory pressure is the one thing that everything here needs, and
//! it cannot be left to luck: with independent numbers, frames would nearly always be plenty or
//! hopeless. Nothing is aimed at a particular failure or revision; weights differ for the reasons
//! written beside them, and `swarm` redraws them per case so that a campaign meets extremes.
//!
//! Schedules are not made here: a case has many, and the campaign chooses how to sample them.

pub(in crate::case) mod draw;
pub(in crate::case) mod operations;
pub(in crate::case) mod parts;
pub(in crate::case) mod scope;
pub(in crate::case) mod swarm;
pub(in crate::case) mod topology;

use std::mem;

use arbitrary::Unstructured;

use crate::case::{Case, EmptyPmd, Machine, Process, Schedule, Time, Tlb, VmaKind, limit};
use crate::schedule::pos::POS;
use draw::Draw;
use operations::Place;
use scope::Scope;
use swarm::Swarm;
use topology::{SIZES, Size};

/// Percent of the cases on a tight machine. The others have room: not every failure needs
/// pressure, and without a control group nobody would notice.
const TIGHT: usize = 60;
/// Frames of a tight machine, in percent of what the case touches: from a shortage that one kill
/// hardly mends to one that arises only if nobody frees anything in time.
const TIGHTNESS: (usize, usize) = (60, 110);
/// Frames on top of that, at most: page tables and small objects take some.
const OVERHEAD: usize = 4;
/// Frames that a roomy machine has to spare, at most.
const SPARE: usize = 64;
/// The fewest frames of a machine.
pub(in crate::case) const LEAST_FRAMES: u16 = 4;
/// Highest `min` watermark, and highest distance of `high` from it: as small as the cases are.
const WATERMARK: usize = 3;
/// Percent of the cases with a kernel thread that invokes the OOM killer: with it, kills also
/// happen at moments that no allocation would choose. Other kernel threads may still draw the
/// operation, which makes it half of all cases.
const SYSRQ: usize = 42;
/// Percent of the cases with `time any`. Half, because some failures need a time-out to strike
/// early, and some verdicts count only under fair time.
const ANY_TIME: usize = 50;
/// Percent of the cases with `tlb lazy`: one architecture of many.
const LAZY_TLB: usize = 15;
/// Percent of the cases with `empty_pmd good`. Half, because it only adds failures, of which some are rare.
const GOOD_EMPTY_PMD: usize = 50;
/// Percent of the cases with faults, and of those with one more. Most failures need none.
const FAULTS: (usize, usize) = (30, 30);
/// Faults of a case, at most.
const MOST_FAULTS: usize = 3;

/// A new valid case for the revision `kernel`, without expectation.
///
/// The schedule is a stub, `pos` with a drawn seed, for the caller to replace.
pub fn case(u: &mut Unstructured<'_>, kernel: &str) -> Case {
    let draw = &mut Draw::new(u);
    let swarm = Swarm::new(draw);
    let size = SIZES[draw.weighted(&SIZES.map(|(_, weight)| weight)).unwrap_or(0)].0;
    let sysrq = draw.chance(SYSRQ);
    let mut case = empty(kernel);
    topology::lay_out(&mut case, size, sysrq, &swarm, draw);
    fill(&mut case, size, &swarm, draw);
    case.machine = machine(touched(&case), draw);
    faults(&mut case, &swarm, draw);
    case.schedule.strategy = POS.of(&[draw.bits()]);
    case
}

fn empty(kernel: &str) -> Case {
    Case {
        notes: Vec::new(),
        kernel: kernel.into(),
        machine: Machine::default(),
        processes: Vec::new(),
        faults: Vec::new(),
        schedule: Schedule { strategy: POS.of(&[0]), segments: Vec::new() },
        expect: None,
        others: Vec::new(),
    }
}

/// Draws the operations of every thread around those that the topology fixed.
fn fill(case: &mut Case, size: Size, swarm: &Swarm, draw: &mut Draw) {
    let scope = Scope::of(case);
    for process in 0..case.processes.len() {
        for thread in 0..case.processes[process].threads.len() {
            let fixed = mem::take(&mut case.processes[process].threads[thread].operations);
            let place = Place { case, scope: &scope, process, swarm };
            let count = draw.between(1..=size.operations);
            let operations = place.operations(fixed, count, draw);
            case.processes[process].threads[thread].operations = operations;
        }
    }
}

/// A machine for a case that touches so many pages.
fn machine(touched: usize, draw: &mut Draw) -> Machine {
    let frames = if draw.chance(TIGHT) {
        touched * draw.between(TIGHTNESS.0..=TIGHTNESS.1) / 100 + draw.below(OVERHEAD + 1)
    } else {
        2 * touched + draw.between(OVERHEAD..=SPARE)
    };
    let frames = frames.clamp(usize::from(LEAST_FRAMES), usize::from(limit::FRAMES));
    let min = draw.between(0..=WATERMARK).min(frames / 4);
    let high = (min + draw.between(0..=WATERMARK)).min(frames / 2);
    Machine {
        frames: frames as u16,
        min: min as u16,
        high: high as u16,
        time: if draw.chance(ANY_TIME) { Time::Any } else { Time::Fair },
        tlb: if draw.chance(LAZY_TLB) { Tlb::Lazy } else { Tlb::Eager },
        empty_pmd: if draw.chance(GOOD_EMPTY_PMD) { EmptyPmd::Good } else { EmptyPmd::Bad },
    }
}

/// The pages that a case would take if nothing were freed: what it allocates, and every mapping
/// that somebody touches, once.
fn touched(case: &Case) -> usize {
    let scope = Scope::of(case);
    let mut mappings: Vec<(&str, &str)> = Vec::new();
    let mut pages = 0;
    for (index, process) in case.processes.iter().enumerate() {
        let owner = scope.owner(case, index);
        for operation in process.threads.iter().flat_map(|thread| &thread.operations) {
            pages += usize::from(operation.pages());
            if let Some(vma) = operation.vma().filter(|_| operation.kind.touches) {
                let seen = mappings.contains(&(&owner.name, vma));
                mappings.push((&owner.name, vma));
                pages += if seen { 0 } else { resident(owner, vma) };
            }
        }
    }
    pages
}

/// The frames that a mapping takes once touched. A driver's pages are its own.
fn resident(owner: &Process, name: &str) -> usize {
    let vma = owner.vmas.iter().find(|vma| vma.name == name && vma.kind != VmaKind::Pfnmap);
    vma.map_or(0, |vma| usize::from(vma.pages))
}

fn faults(case: &mut Case, swarm: &Swarm, draw: &mut Draw) {
    if !draw.chance(FAULTS.0) {
        return;
    }
    let tasks = scope::tasks(case);
    case.faults.push(parts::fault(&tasks, swarm, draw));
    while case.faults.len() < MOST_FAULTS && draw.chance(FAULTS.1) {
        case.faults.push(parts::fault(&tasks, swarm, draw));
    }
}
