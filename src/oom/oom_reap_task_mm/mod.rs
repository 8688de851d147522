//! `__oom_reap_task_mm`: one pass of the reaper over a victim's address space.
//!
//! Takes the victim's private pages away, unless something is in the way. [`v4_9`], [`v4_13`], [`v4_14`] and
//! [`v4_15`] say what that is, and what keeps the address space while it is walked; here is how it is walked, and
//! how a pass says that it did nothing. Source: mm/oom_kill.c.

mod v4_13;
mod v4_14;
mod v4_15;
mod v4_9;

pub use v4_9::oom_reap_task_mm as v4_9;
pub use v4_13::oom_reap_task_mm as v4_13;
pub use v4_14::oom_reap_task_mm as v4_14;
pub use v4_15::oom_reap_task_mm as v4_15;

use crate::memory::{Handle, read};
use crate::mm::Mm;
use crate::mm::vma::Vma;
use crate::task::Task;
use crate::trace::{EventKind, Function, Role, SkipReason, Tracepoint, enter, record};
use crate::world::world;

/// `__oom_reap_task_mm`, in traces.
pub const OOM_REAP_TASK_MM: Function = Function::acting("__oom_reap_task_mm", Role::Pass);

/// A pass over the address space of a victim: whether there is nothing left to try.
pub type OomReapTaskMm = fn(Handle<Task>, Handle<Mm>) -> bool;

/// `__oom_reap_task_mm` of the revision that runs.
pub fn oom_reap_task_mm(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    world(|w| w.revision.oom_reap_task_mm)(task, mm)
}

/// `for (vma = mm->mmap; vma; vma = vma->vm_next)`.
pub fn for_each_vma(mm: Handle<Mm>, visit: impl Fn(Handle<Vma>)) {
    let _call = enter("for_each_vma");
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        visit(vma);
        next = read(vma, "vm_next", |vma| vma.next);
    }
}

/// Says why a pass freed nothing; only a busy lock is worth another attempt.
pub fn skip(task: Handle<Task>, mm: Handle<Mm>, reason: SkipReason) -> bool {
    record(mm.object(), EventKind::Skip(reason));
    record(task.object(), EventKind::Trace(Tracepoint::SkipTaskReaping));
    reason != SkipReason::LockBusy
}
