//! M10: `task_will_free_mem` looks at the task alone, as before 1af8bb432695 (v4.8).

use crate::{LOST, Mutant, Shows};
use mmreap::oom::task_will_free_mem::TASK_WILL_FREE_MEM;
use mmreap::prelude::*;
use mmreap::trace::noun::MM;

/// The mutant.
pub const M10: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M10",
        scenario: "sc_sharer_alive",
        oracles: &["O-DATA"],
        sites: LOST,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M10", "task_will_free_mem does not look at those who share the address space")
    .task_will_free_mem(task_will_free_mem);

/// `task_will_free_mem`.
fn task_will_free_mem(task: Handle<Task>) -> bool {
    let _call = enter(TASK_WILL_FREE_MEM);
    let mm = task.peek_at(MM, |task| task.mm);
    mm.is_some_and(|mm| test_bit(task, TaskFlag::Exiting) && !test_bit(mm, MmFlag::OomSkip))
}
