//! M12a: the reaper says that it takes pages away when it has done so.

use crate::{Mutant, Shows, ZERO_PAGE};
use mmreap::inject::{FaultPoint, strikes};
use mmreap::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use mmreap::mm::memory::unmap_page_range;
use mmreap::mm::mmap::can_madv_dontneed_vma;
use mmreap::mm::mmu_notifier::mm_has_notifiers;
use mmreap::oom::oom_reap_task_mm::{OOM_REAP_TASK_MM, for_each_vma, skip};
use mmreap::prelude::*;

/// The mutant.
pub const M12A: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M12a",
        scenario: "sc_writer2",
        oracles: &["O-DATA"],
        sites: ZERO_PAGE,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M12a", "the reaper sets MMF_UNSTABLE after it took pages away")
    .oom_reap_task_mm(oom_reap_task_mm);

/// `__oom_reap_task_mm`.
fn oom_reap_task_mm(task: Handle<Task>, mm: Handle<Mm>) -> bool {
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
    for_each_vma(mm, |vma| {
        if is_reapable(vma) {
            let gather = tlb_gather_mmu(mm, false);
            unmap_page_range(gather, vma);
            tlb_finish_mmu(gather);
        }
    });
    set_bit(mm, MmFlag::Unstable);
    up_read(mmap_sem(mm));
    record(task.object(), EventKind::Trace(Tracepoint::FinishTaskReaping));
    true
}

fn is_reapable(vma: Handle<Vma>) -> bool {
    can_madv_dontneed_vma(vma) && vma.peek_at("vm_flags", |vma| !vma.has(VmFlag::Shared))
}
