//! `__oom_reap_task_mm` of v4.15: as v4.14's, with one gather for each mapping (687cb0884a71).
//!
//! Source: mm/oom_kill.c of v4.15.

use super::{OOM_REAP_TASK_MM, for_each_vma, skip};
use crate::inject::{FaultPoint, strikes};
use crate::memory::Handle;
use crate::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_page_range;
use crate::mm::mmap::can_madv_dontneed_vma;
use crate::mm::mmu_notifier::mm_has_notifiers;
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, mmap_sem};
use crate::sync::bits::{set_bit, test_bit};
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::rwsem::{down_read_trylock, up_read};
use crate::sync::time::{HZ, schedule_timeout_idle};
use crate::task::Task;
use crate::trace::{EventKind, SkipReason, Tracepoint, protocol, record};
use crate::world::world;

/// `__oom_reap_task_mm`. Nobody is chosen while memory is being freed, because `oom_lock` is held.
pub fn oom_reap_task_mm(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol(OOM_REAP_TASK_MM, mm.object());
    let oom_lock = world(|w| w.oom.oom_lock());
    mutex_lock(oom_lock);
    let done = reap(task, mm);
    mutex_unlock(oom_lock);
    done
}

fn reap(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    if !down_read_trylock(mmap_sem(mm)) {
        return skip(task, mm, SkipReason::LockBusy);
    }
    if strikes(FaultPoint::NOTIFIER) || mm_has_notifiers(mm) {
        up_read(mmap_sem(mm));
        schedule_timeout_idle(HZ);
        record(mm.object(), EventKind::Skip(SkipReason::Notifier));
        return true;
    }
    if test_bit(mm, MmFlag::OomSkip) {
        up_read(mmap_sem(mm));
        return skip(task, mm, SkipReason::AlreadySkipped);
    }
    record(task.object(), EventKind::Trace(Tracepoint::StartTaskReaping));
    set_bit(mm, MmFlag::Unstable);
    for_each_vma(mm, |vma| {
        if is_reapable(vma) {
            let gather = tlb_gather_mmu(mm, false);
            unmap_page_range(gather, vma);
            tlb_finish_mmu(gather);
        }
    });
    up_read(mmap_sem(mm));
    record(task.object(), EventKind::Trace(Tracepoint::FinishTaskReaping));
    true
}

/// What `MADV_DONTNEED` may touch; anonymous or private.
fn is_reapable(vma: Handle<Vma>) -> bool {
    can_madv_dontneed_vma(vma) && vma.peek_at("vm_flags", |vma| !vma.has(VmFlag::Shared))
}
