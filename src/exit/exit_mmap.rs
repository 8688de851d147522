//! `exit_mmap`: the last step of an address space, and its handshake with the OOM reaper.
//!
//! Runs once, with `mm_users` 0, and takes no lock around unmapping. Source: mm/mmap.c of v4.9, v4.14
//! and v4.15.

use crate::memory::{Handle, read};
use crate::mm::free_pgtables::free_pgtables;
use crate::mm::gather::{Gather, tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_vmas;
use crate::mm::mmap::remove_vma;
use crate::mm::mmu_notifier::mmu_notifier_release;
use crate::mm::munlock::munlock_vma_pages_all;
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, mmap_sem};
use crate::sync::bits::{set_bit, test_bit};
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::rwsem::{down_read, down_write, down_write_trylock, up_read, up_write};
use crate::task::{current, tsk_is_oom_victim};
use crate::trace::protocol;
use crate::world::world;

/// What `exit_mmap` carries from unmapping to freeing: the gather, and the first mapping.
type Unmapped = (Handle<Gather>, Handle<Vma>);

/// v4.9 to v4.13: the reaper holds `mm_users`, so this cannot run while it does.
pub fn v4_9(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    free(mm, unmapped);
}

/// v4.14 (212925802454): the reaper may run at the same time, and is waited for before the tables go
/// if the task that runs this is an OOM victim.
pub fn v4_14(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    if tsk_is_oom_victim(current()) {
        empty_write_section(mm);
    }
    free(mm, unmapped);
}

/// v4.15 (4837fe37adff): what counts is whether the address space is a victim's.
pub fn v4_15(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        empty_write_section(mm);
    }
    free(mm, unmapped);
}

/// Mutant M04: v4.15 without the empty write section.
pub fn m04(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    free(mm, unmapped);
}

/// Mutant M06: v4.15 with an empty section that does not exclude readers.
pub fn m06(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        down_read(mmap_sem(mm));
        up_read(mmap_sem(mm));
    }
    free(mm, unmapped);
}

/// Mutant M07: v4.15 with an empty section that is left out if the lock is taken.
pub fn m07(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        if down_write_trylock(mmap_sem(mm)) {
            up_write(mmap_sem(mm));
        }
    }
    free(mm, unmapped);
}

/// Mutant M11: v4.15 with `MMF_OOM_SKIP` set before anything is unmapped.
pub fn m11(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let victim = test_bit(mm, MmFlag::OomVictim);
    if victim {
        set_bit(mm, MmFlag::OomSkip);
    }
    let Some(unmapped) = unmap(mm) else { return };
    if victim {
        empty_write_section(mm);
    }
    free(mm, unmapped);
}

/// Mutant M13: v4.15 with `MMF_OOM_SKIP` set after the tables are gone.
pub fn m13(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some((gather, vma)) = unmap(mm) else { return };
    let victim = test_bit(mm, MmFlag::OomVictim);
    if victim {
        empty_write_section(mm);
    }
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    if victim {
        set_bit(mm, MmFlag::OomSkip);
    }
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}

/// Mutant M22: v4.15 that unmaps a victim's address space with `oom_lock` held.
pub fn m22(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    let victim = test_bit(mm, MmFlag::OomVictim);
    let oom_lock = world(|w| w.oom.oom_lock());
    if victim {
        mutex_lock(oom_lock);
    }
    let unmapped = unmap_all(mm);
    if victim {
        set_bit(mm, MmFlag::OomSkip);
        mutex_unlock(oom_lock);
        empty_write_section(mm);
    }
    if let Some(unmapped) = unmapped {
        free(mm, unmapped);
    }
}

/// Equivalent E01: v4.15 that waits for the reaper whether there can be one or not.
pub fn e01(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    empty_write_section(mm);
    free(mm, unmapped);
}

/// Equivalent E02: v4.15 that sets `MMF_OOM_SKIP` where nobody will look at it, too.
pub fn e02(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    if test_bit(mm, MmFlag::OomVictim) {
        empty_write_section(mm);
    }
    free(mm, unmapped);
}

/// Equivalent E03: the order of v6.1 (bf3980c85212), which unmaps with `mmap_sem` held for reading and
/// frees with it held for writing.
pub fn e03(mm: Handle<Mm>) {
    let _call = protocol("exit_mmap", mm.object());
    mmu_notifier_release(mm);
    down_read(mmap_sem(mm));
    let unmapped = unmap_all(mm);
    up_read(mmap_sem(mm));
    let Some(unmapped) = unmapped else { return };
    set_bit(mm, MmFlag::OomSkip);
    down_write(mmap_sem(mm));
    free(mm, unmapped);
    up_write(mmap_sem(mm));
}

/// The steps before the tables may go; `None` if there are no mappings.
fn unmap(mm: Handle<Mm>) -> Option<Unmapped> {
    mmu_notifier_release(mm);
    unmap_all(mm)
}

/// The same without secondary MMUs.
fn unmap_all(mm: Handle<Mm>) -> Option<Unmapped> {
    munlock_all(mm);
    let vma = read(mm, "mmap", |mm| mm.mmap)?;
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    Some((gather, vma))
}

/// The steps that nobody who walks the address space may see.
fn free(mm: Handle<Mm>, (gather, vma): Unmapped) {
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}

/// Waits until whoever holds `mmap_sem` has let go of it.
fn empty_write_section(mm: Handle<Mm>) {
    down_write(mmap_sem(mm));
    up_write(mmap_sem(mm));
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
