//! `__oom_reap_task_mm` of v4.9: needs `mm_users`, and treats "no users" as done.
//!
//! Source: mm/oom_kill.c of v4.9.

use super::{OOM_REAP_TASK_MM, for_each_vma, skip};
use crate::memory::{Handle, read};
use crate::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_page_range;
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, mmap_sem, mmget_not_zero};
use crate::sync::bits::set_bit;
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::rwsem::{down_read_trylock, up_read};
use crate::task::Task;
use crate::trace::{EventKind, SkipReason, Tracepoint, protocol, record};
use crate::workqueue::mmput_async;
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
    if !mmget_not_zero(mm) {
        up_read(mmap_sem(mm));
        return skip(task, mm, SkipReason::NoUsers);
    }
    record(task.object(), EventKind::Trace(Tracepoint::StartTaskReaping));
    set_bit(mm, MmFlag::Unstable);
    let gather = tlb_gather_mmu(mm, true);
    for_each_vma(mm, |vma| {
        if is_reapable(vma) {
            unmap_page_range(gather, vma);
        }
    });
    tlb_finish_mmu(gather);
    up_read(mmap_sem(mm));
    mmput_async(mm);
    record(task.object(), EventKind::Trace(Tracepoint::FinishTaskReaping));
    true
}

/// Neither hugetlb nor locked; anonymous or private.
fn is_reapable(vma: Handle<Vma>) -> bool {
    let excluded = VmFlag::Hugetlb.mask() | VmFlag::Locked.mask() | VmFlag::Shared.mask();
    read(vma, "vm_flags", |vma| vma.flags & excluded == 0)
}
