//! Draws the parts that name nothing else: VMAs, completions, waiting times, faults, strategies.
//!
//! Each is valid by itself. Weights lean towards the plain and small, because a case's schedules
//! are sampled and a superfluous page or knob dilutes them.

use std::array;

use crate::case::generate::draw::Draw;
use crate::case::generate::swarm::Swarm;
use crate::case::{
    Argument, Completion, Fault, FaultPoint, Operation, Strategy, Vma, VmaKind, limit,
};
use crate::daemon;
use crate::fault_point;
use crate::operation::io_submit::IO_SUBMIT;
use crate::schedule::in_order::IN_ORDER;
use crate::schedule::pct::PCT;
use crate::schedule::pos::{BURST, POS};
use crate::schedule::random::RANDOM;
use crate::schedule::sticky::STICKY;
use crate::schedule::surw::SURW;
use crate::schedule::{self, Kind, Parameter};
use arbitrary::Unstructured;

/// Weights of the mappings' kinds, as in [`VmaKind::ALL`]. Half are anonymous, for that is what
/// fills a machine; the four others share the rest, for each has a rule of its own about who may
/// unmap it and when.
const KINDS: [usize; 5] = [50, 15, 15, 10, 10];
/// Waiting times in jiffies: immediately after, the reaper's nap (HZ/10), its sum and the delayed
/// wake-up (HZ), the reaper's timer (2 HZ), and two that outlast them. Neighbours of a time-out
/// tell more than any number between.
const TIMES: [u32; 7] = [1, 2, 10, 100, 200, 250, 1000];
/// Percent of the waiting times that are not one of [`TIMES`], so that no number is out of reach.
const ODD_TIME: usize = 20;
/// Percent of the mappings longer than [`SMALL_PAGES`]: a few, to cross a page table's end.
const LONG: usize = 6;
/// Pages of a usual mapping, at most. Two make a half-done walk visible, four make a huge page.
const SMALL_PAGES: usize = 4;
/// Pages of one huge page on the machine.
pub(in crate::case) const HUGE_PAGES: u8 = 4;
/// Percent of the mappings with a certain flag. Flags are rules of their own, so they occur often
/// enough that each campaign minute has some of each, rarely enough that most mappings are plain;
/// `unmapped`, which costs an operation, half as often.
const FLAG: usize = 12;
/// Percent of the faults given as `fail-nth`, the form that a minimised case ends up with.
const FAIL_NTH: usize = 40;
/// Highest call that `fail-nth` strikes: most calls of a small case are earlier.
const NTH: usize = 8;

/// A mapping called `name`.
pub(in crate::case) fn vma(name: String, swarm: &Swarm, draw: &mut Draw) -> Vma {
    let kind = kind(swarm, draw);
    let anon = kind == VmaKind::Anon;
    let huge = anon && draw.chance(FLAG);
    Vma {
        name,
        kind,
        pages: if huge { HUGE_PAGES * draw.between(1..=2) as u8 } else { pages(draw) },
        locked: lockable(kind) && draw.chance(FLAG),
        huge,
        mergeable: anon && draw.chance(FLAG),
        unmapped: draw.chance(FLAG / 2),
    }
}

/// The kind of a mapping.
pub(in crate::case) fn kind(swarm: &Swarm, draw: &mut Draw) -> VmaKind {
    let factors: [usize; 5] = swarm.kinds();
    let weights: [usize; 5] = array::from_fn(|kind| KINDS[kind] * factors[kind]);
    VmaKind::ALL[draw.weighted(&weights).unwrap_or(0)]
}

/// Whether `mlock` applies to mappings of this kind.
pub(in crate::case) fn lockable(kind: VmaKind) -> bool {
    !matches!(kind, VmaKind::Hugetlb | VmaKind::Pfnmap)
}

/// The length of a mapping.
pub(in crate::case) fn pages(draw: &mut Draw) -> u8 {
    let most = if draw.chance(LONG) { usize::from(limit::PAGES) } else { SMALL_PAGES };
    draw.between(1..=most) as u8
}

/// A waiting time in jiffies.
pub(in crate::case) fn jiffies(draw: &mut Draw) -> u32 {
    match draw.chance(ODD_TIME) {
        true => draw.between(1..=limit::JIFFIES as usize) as u32,
        false => draw.pick(&TIMES).copied().unwrap_or(TIMES[0]),
    }
}

/// How an AIO request completes: each way equally often, but for the swarm.
pub(in crate::case) fn completion(swarm: &Swarm, draw: &mut Draw) -> Completion {
    let weights: [usize; 4] = swarm.completions();
    match draw.weighted(&weights) {
        None | Some(0) => Completion::After(jiffies(draw)),
        Some(1) => Completion::ErrorAfter(jiffies(draw)),
        Some(2) => Completion::AfterAlloc,
        Some(_) => Completion::Never,
    }
}

/// An AIO request on a context.
pub(in crate::case) fn request(context: &str, swarm: &Swarm, draw: &mut Draw) -> Operation {
    let completion = Argument::Completion(completion(swarm, draw));
    IO_SUBMIT.of([Argument::context(context), completion])
}

/// A fault point. Those that were added are drawn aside, each by its name, as often as one of the others.
pub(in crate::case) fn point(swarm: &Swarm, draw: &mut Draw) -> FaultPoint {
    let (all, added) = (FaultPoint::ALL.len(), fault_point::added());
    let aside = added.into_iter().find(|point| is_drawn_aside(point.name(), all, draw));
    let weights: [usize; FaultPoint::ALL.len()] = swarm.points();
    let drawn = FaultPoint::ALL[draw.weighted(&weights).unwrap_or(0)];
    aside.copied().unwrap_or(drawn)
}

/// One of the tasks. Kernel threads that were added are drawn aside, too.
pub(in crate::case) fn task(tasks: &[String], draw: &mut Draw) -> Option<String> {
    let is_added = |task: &&String| daemon::added().iter().any(|daemon| daemon.name == **task);
    let (added, others): (Vec<_>, Vec<_>) = tasks.iter().partition(is_added);
    let aside = added.into_iter().find(|task| is_drawn_aside(task, others.len(), draw));
    let drawn = draw.pick(&others).copied();
    aside.or(drawn).cloned()
}

/// Whether what was added is taken instead of one of so many others, all being alike.
fn is_drawn_aside(name: &str, others: usize, draw: &Draw) -> bool {
    let hits = |bytes: &[u8]| Draw::new(&mut Unstructured::new(bytes)).below(others + 1) == 0;
    draw.aside(name).is_some_and(|bytes| hits(&bytes))
}

/// A fault that may be limited to one of `tasks`. All points are alike: which of them matters is
/// what the campaign wants to know.
pub(in crate::case) fn fault(tasks: &[String], swarm: &Swarm, draw: &mut Draw) -> Fault {
    let mut fault = Fault::always(point(swarm, draw));
    match draw.chance(FAIL_NTH) {
        true => fault.fail_nth = Some(draw.between(1..=NTH) as u32),
        false => knobs(&mut fault, draw),
    }
    // One in four strikes a single task: enough to tell "this caller fails" from "all fail".
    fault.task_filter = if draw.chance(25) { task(tasks, draw) } else { None };
    fault
}

/// Sets the knobs of a fault without `fail-nth`; each stays at its default half of the time, since
/// a knob in the file is a line's worth of reading.
fn knobs(fault: &mut Fault, draw: &mut Draw) {
    if draw.chance(50) {
        fault.probability = draw.between(1..=100) as u8;
    }
    if draw.chance(50) {
        fault.interval = draw.between(1..=4) as u32;
    }
    if draw.chance(50) {
        fault.times = Some(draw.between(1..=4) as u32);
    }
    if draw.chance(50) {
        fault.space = draw.between(0..=NTH) as u32;
    }
}

/// Strategies that one throw decides between, whatever is added.
const TOGETHER: [&Kind; 7] = [&POS, &RANDOM, &PCT, &STICKY, &SURW, &BURST, &IN_ORDER];

/// Any strategy, with a new seed. Others than those of [`TOGETHER`] are drawn aside, each by its word, as often as
/// their shares say.
pub(in crate::case) fn strategy(draw: &mut Draw) -> Strategy {
    let mut others = schedule::all().filter(|kind| !TOGETHER.contains(kind));
    let aside = others.find_map(|kind| {
        let bytes = draw.aside(kind.word)?;
        let mut bytes = Unstructured::new(&bytes);
        let draw = &mut Draw::new(&mut bytes);
        let percent = kind.shares.iter().map(|share| share.percent).sum::<f64>();
        draw.chance(percent.min(100.0) as usize).then(|| of_kind(kind, draw.bits(), draw))
    });
    let seed = draw.bits();
    let drawn = of_kind(TOGETHER[draw.below(TOGETHER.len())], seed, draw);
    aside.unwrap_or(drawn)
}

/// A strategy of the kind with the seed; its other numbers are drawn.
fn of_kind(kind: &'static Kind, seed: u64, draw: &mut Draw) -> Strategy {
    let number = |parameter: &Parameter| match *parameter {
        Parameter::SEED => seed,
        Parameter { least, most, .. } => draw.between(least as usize..=most as usize) as u64,
    };
    kind.of(&kind.parameters.iter().map(number).collect::<Vec<_>>())
}
