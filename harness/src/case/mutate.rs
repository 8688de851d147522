//! Changes a case a little, or makes one of two.
//!
//! The fuzzer's steps. Each is one change that a person could have made to the file: an operation
//! more, a process less, another number, another target. It works on the tree and never on text or
//! bytes, so that every step arrives at another valid case: what a change leaves dangling,
//! [`repair()`] takes away, and a step that had nothing to work on (the segments of a schedule
//! without any) or changed nothing is replaced by another one.
//!
//! A changed case has no expectation any more: the verdict was another case's.
//!
//! | file | changes |
//! |---|---|
//! | `structure` | how many of what, in which order |
//! | `relations` | who shares, is a child of, is vforked by whom |
//! | `values` | numbers, kinds, flags |
//! | `references` | at whom an operation is aimed |
//! | `schedule` | strategy and segments |
//! | `crossover` | two cases in one |
//! | `repair` | not a change, but what follows each |

mod crossover;
mod names;
mod references;
mod relations;
mod repair;
mod schedule;
mod structure;
mod values;

use arbitrary::Unstructured;

use crate::case::Case;
use crate::case::generate::draw::Draw;

pub use crossover::crossover;
pub use repair::repair;

/// A change; false if there was nothing to change.
type Change = fn(&mut Case, &mut Draw) -> bool;

/// Attempts to find a change that has something to work on and that repair does not undo. Measured
/// on generated cases, eight fail once in 10,000; the bound is there for input without bytes, where
/// all attempts are one.
const ATTEMPTS: usize = 8;

/// All changes with their weights. Operations weigh most: what threads do is what schedules
/// interleave. Whatever can be grown can be shrunk with equal weight, or cases would drift to one
/// end of their bounds. Processes change rarely, since one such change is worth many others.
const CHANGES: [(usize, Change); 36] = [
    (20, structure::add_operation),
    (24, structure::remove_operation),
    (4, structure::duplicate_operation),
    (8, structure::move_operation),
    (6, structure::transfer_operation),
    (8, structure::replace_operation),
    (4, structure::add_process),
    (6, structure::remove_process),
    (2, structure::duplicate_process),
    (2, structure::move_process),
    (4, structure::add_thread),
    (6, structure::remove_thread),
    (2, structure::duplicate_thread),
    (2, structure::move_thread),
    (4, structure::add_vma),
    (5, structure::remove_vma),
    (1, structure::duplicate_vma),
    (1, structure::move_vma),
    (3, structure::add_context),
    (3, structure::remove_context),
    (4, structure::add_fault),
    (5, structure::remove_fault),
    (1, structure::duplicate_fault),
    (5, relations::share),
    (5, relations::adopt),
    (4, relations::vfork),
    (12, references::retarget),
    (8, values::machine),
    (4, values::clock),
    (4, values::process),
    (8, values::vma),
    (8, values::operation),
    (6, values::fault),
    (6, schedule::strategy),
    (8, schedule::edit_segments),
    (4, schedule::edit_segment),
];

/// Makes one random change to a valid case. The result is valid and has no expectations.
///
/// It differs from the input unless the bytes are too few to say how, or the case leaves no room.
pub fn mutate(case: &mut Case, u: &mut Unstructured<'_>) {
    let draw = &mut Draw::new(u);
    forget_verdicts(case);
    let before = case.clone();
    let weights = CHANGES.map(|(weight, _)| weight);
    for _ in 0..ATTEMPTS {
        let (_, change) = CHANGES[draw.weighted(&weights).unwrap_or(0)];
        if change(case, draw) {
            repair(case);
        }
        if *case != before {
            break;
        }
    }
}

fn forget_verdicts(case: &mut Case) {
    case.expect = None;
    case.others.clear();
}
