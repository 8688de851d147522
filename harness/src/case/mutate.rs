//! Changes a case a little, or makes one of two.
//!
//! The fuzzer's steps. Each is one change that a person could have made to the file: an operation
//! more, a process less, another number, another target. It works on the tree and never on text or
//! bytes, so that every step arrives at another valid case: what a change leaves dangling,
//! [`repair()`] takes away, and a step that had nothing to work on (the segments of a schedule
//! without any) or changed nothing is replaced by another one.
//!
//! A changed case has neither expectations nor notes any more: they were another case's.
//!
//! | file | changes |
//! |---|---|
//! | `structure` | how many of what, in which order |
//! | `relations` | who shares, is a child of, is vforked by whom |
//! | `values` | numbers, kinds, flags |
//! | `references` | at whom an operation is aimed |
//! | `schedule` | strategy and segments |
//! | `sites` | not a change, but where tasks have been, for the stops of segments |
//! | `crossover` | two cases in one |
//! | `names` | not a change, but which are legal, free, and where they occur |
//! | `merge`, `renumber` | not changes, but what makes a case plainer |
//! | `repair` | not a change, but what follows each |

mod crossover;
mod merge;
mod names;
mod references;
mod relations;
mod renumber;
mod repair;
mod schedule;
mod sites;
mod structure;
mod values;

use arbitrary::Unstructured;

use crate::case::Case;
use crate::case::generate::draw::Draw;

pub use crossover::crossover;
pub use merge::merge_sharer;
pub use names::rename_process;
pub use renumber::renumber;
pub use repair::repair;
pub use sites::Sites;

/// A change; false if there was nothing to change.
#[derive(Clone, Copy)]
enum Change {
    /// Of the tree alone.
    Tree(fn(&mut Case, &mut Draw) -> bool),
    /// Of the segments, for which one has to know where tasks have been.
    Segments(fn(&mut Case, &mut Draw, &Sites) -> bool),
}

use Change::{Segments, Tree};

/// Attempts to find a change that has something to work on and that repair does not undo. Measured
/// on generated cases, eight fail once in 10,000; the bound is there for input without bytes, where
/// all attempts are one.
const ATTEMPTS: usize = 8;

/// All changes with their weights. Operations weigh most: what threads do is what schedules
/// interleave. Whatever can be grown can be shrunk with equal weight, or cases would drift to one
/// end of their bounds. Processes change rarely, since one such change is worth many others.
const CHANGES: [(usize, Change); 36] = [
    (20, Tree(structure::add_operation)),
    (24, Tree(structure::remove_operation)),
    (4, Tree(structure::duplicate_operation)),
    (8, Tree(structure::move_operation)),
    (6, Tree(structure::transfer_operation)),
    (8, Tree(structure::replace_operation)),
    (4, Tree(structure::add_process)),
    (6, Tree(structure::remove_process)),
    (2, Tree(structure::duplicate_process)),
    (2, Tree(structure::move_process)),
    (4, Tree(structure::add_thread)),
    (6, Tree(structure::remove_thread)),
    (2, Tree(structure::duplicate_thread)),
    (2, Tree(structure::move_thread)),
    (4, Tree(structure::add_vma)),
    (5, Tree(structure::remove_vma)),
    (1, Tree(structure::duplicate_vma)),
    (1, Tree(structure::move_vma)),
    (3, Tree(structure::add_context)),
    (3, Tree(structure::remove_context)),
    (4, Tree(structure::add_fault)),
    (5, Tree(structure::remove_fault)),
    (1, Tree(structure::duplicate_fault)),
    (5, Tree(relations::share)),
    (5, Tree(relations::adopt)),
    (4, Tree(relations::vfork)),
    (12, Tree(references::retarget)),
    (8, Tree(values::machine)),
    (4, Tree(values::clock_and_mmu)),
    (4, Tree(values::process)),
    (8, Tree(values::vma)),
    (8, Tree(values::operation)),
    (6, Tree(values::fault)),
    (6, Tree(schedule::strategy)),
    (8, Segments(schedule::edit_segments)),
    (4, Segments(schedule::edit_segment)),
];

/// Makes one random change to a valid case. The result is valid and has no expectations. New segments stop
/// at the given sites.
///
/// It differs from the input unless the bytes are too few to say how, or the case leaves no room.
pub fn mutate(case: &mut Case, u: &mut Unstructured<'_>, sites: &Sites) {
    let draw = &mut Draw::new(u);
    forget_verdicts(case);
    let before = case.clone();
    let weights = CHANGES.map(|(weight, _)| weight);
    for _ in 0..ATTEMPTS {
        let changed = match CHANGES[draw.weighted(&weights).unwrap_or(0)].1 {
            Tree(change) => change(case, draw),
            Segments(change) => change(case, draw, sites),
        };
        if changed {
            repair(case);
        }
        if *case != before {
            break;
        }
    }
}

/// Makes one random change to the segments of a valid case, and to nothing else of what it does.
pub fn reschedule(case: &mut Case, u: &mut Unstructured<'_>, sites: &Sites) {
    let draw = &mut Draw::new(u);
    forget_verdicts(case);
    let edit = if draw.chance(33) { schedule::edit_segment } else { schedule::edit_segments };
    if edit(case, draw, sites) {
        repair(case);
    }
}

/// Takes away what is said of a case that is another one now, or that is to be found out.
pub fn forget_verdicts(case: &mut Case) {
    case.notes.clear();
    case.expect = None;
    case.others.clear();
}
