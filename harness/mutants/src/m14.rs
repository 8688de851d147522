//! M14: `mark_oom_victim` does not hold the structure that it remembers.

use crate::{Mutant, Shows};
use mmreap::oom::victim::inc_oom_victims;
use mmreap::prelude::*;
use mmreap::task::Signal;
use mmreap::trace::noun::{MM, OOM_MM};

/// The mutant.
pub const M14: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M14",
        scenario: "sc_1v",
        oracles: &["O-MM-UAF"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M14", "oom_mm is remembered without a reference on it")
    .mark_oom_victim(mark_oom_victim)
    .free_signal_struct(free_signal_struct);

/// `mark_oom_victim`.
fn mark_oom_victim(task: Handle<Task>) {
    let _call = protocol("mark_oom_victim", task.object());
    if test_and_set_bit(task, TaskFlag::Memdie) {
        return;
    }
    record(task.object(), EventKind::Marked);
    let (signal, mm) = task.peek_at(MM, |task| (task.signal, task.mm));
    if signal.peek_at(OOM_MM, |signal| signal.oom_mm.is_none()) {
        write(signal, OOM_MM, |signal| signal.oom_mm = mm);
        let mm = dereference(mm, task.object());
        record(mm.object(), EventKind::OomMm);
        set_bit(mm, MmFlag::OomVictim);
    }
    inc_oom_victims();
    record(task.object(), EventKind::Trace(Tracepoint::MarkVictim));
}

/// `free_signal_struct`, for an `oom_mm` that is not held.
pub(crate) fn free_signal_struct(signal: Handle<Signal>) {
    let _call = enter("free_signal_struct");
    free(signal);
}
