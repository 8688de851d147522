//! `exit_mmap`: the last step of an address space, and its handshake with the OOM reaper.
//!
//! Runs once, with `mm_users` 0, and takes no lock around unmapping. Source: mm/mmap.c of v4.9, v4.14
//! and v4.15.

use crate::memory::{Handle, read};
use crate::mm::free_pgtables::free_pgtables;
use crate::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_vmas;
use crate::mm::mmap::remove_vma;
use crate::mm::munlock::munlock_vma_pages_all;
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, mmap_sem};
use crate::sync::bits::{set_bit, test_bit};
use crate::sync::rwsem::{down_write, up_write};
use crate::task::{current, tsk_is_oom_victim};
use crate::trace::{enter, protocol};

/// v4.9 to v4.13: the reaper holds `mm_users`, so this cannot run while it does.
pub fn v4_9(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    munlock_all(mm);
    let Some(vma) = read(mm, "mmap", |mm| mm.mmap) else { return };
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}

/// v4.14 (212925802454): the reaper may run at the same time, and is waited for before the tables go
/// if the task that runs this is an OOM victim.
pub fn v4_14(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    munlock_all(mm);
    let Some(vma) = read(mm, "mmap", |mm| mm.mmap) else { return };
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    set_bit(mm, MmFlag::OomSkip);
    if tsk_is_oom_victim(current()) {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}

/// v4.15 (4837fe37adff): what counts is whether the address space is a victim's.
pub fn v4_15(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    munlock_all(mm);
    let Some(vma) = read(mm, "mmap", |mm| mm.mmap) else { return };
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}

/// The secondary MMUs let go of the address space.
pub fn mmu_notifier_release(mm: Handle<Mm>) {
    if mm.peek_at("notifiers", |mm| mm.notifiers > 0) {
        let _call = enter("mmu_notifier_release");
        crate::memory::write(mm, "notifiers", |mm| mm.notifiers = 0);
    }
}

/// Munlocks every `VM_LOCKED` mapping, if there are any.
pub fn munlock_all(mm: Handle<Mm>) {
    if mm.peek_at("locked_vm", |mm| mm.locked_vm == 0) {
        return;
    }
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if vma.peek_at("vm_flags", |vma| vma.has(VmFlag::Locked)) {
            munlock_vma_pages_all(vma);
        }
        next = vma.peek_at("vm_next", |vma| vma.next);
    }
}

/// Closes and frees every mapping of the list.
pub fn remove_vmas(first: Handle<Vma>) {
    let mut next = Some(first);
    while let Some(vma) = next {
        next = vma.peek_at("vm_next", |vma| vma.next);
        remove_vma(vma);
    }
}

/// Mutant M04: v4.15 without the empty write section.
pub fn m04(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    munlock_all(mm);
    let Some(vma) = read(mm, "mmap", |mm| mm.mmap) else { return };
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}
