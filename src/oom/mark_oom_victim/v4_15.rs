//! `mark_oom_victim` since v4.15 (4837fe37adff): the address space knows it, too.
//!
//! Source: mm/oom_kill.c of v4.15.

use crate::memory::{Handle, dereference, write};
use crate::mm::{MmFlag, mmgrab};
use crate::oom::victim::inc_oom_victims;
use crate::sync::bits::{set_bit, test_and_set_bit};
use crate::task::{Task, TaskFlag};
use crate::trace::noun::{MM, OOM_MM};
use crate::trace::{EventKind, Tracepoint, protocol, record};

/// `mark_oom_victim`.
pub fn mark_oom_victim(task: Handle<Task>) {
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
        mmgrab(mm);
        set_bit(mm, MmFlag::OomVictim);
    }
    inc_oom_victims();
    record(task.object(), EventKind::Trace(Tracepoint::MarkVictim));
}
