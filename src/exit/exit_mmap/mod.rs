//! `exit_mmap`: the last step of an address space, and its handshake with the OOM reaper.
//!
//! Runs once, with `mm_users` 0, and takes no lock around unmapping. [`v4_9`], [`v4_14`] and [`v4_15`] say what
//! becomes of the reaper; here is what never changed before and after that. Source: mm/mmap.c.

mod v4_14;
mod v4_15;
mod v4_9;

pub use v4_9::exit_mmap as v4_9;
pub use v4_14::exit_mmap as v4_14;
pub use v4_15::exit_mmap as v4_15;

use crate::memory::{Handle, read};
use crate::mm::Mm;
use crate::mm::free_pgtables::free_pgtables;
use crate::mm::gather::{Gather, tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_vmas;
use crate::mm::mmap::remove_vma;
use crate::mm::mmu_notifier::mmu_notifier_release;
use crate::mm::munlock::munlock_vma_pages_all;
use crate::mm::vma::{VmFlag, Vma};
use crate::trace::Function;
use crate::world::world;

/// `exit_mmap`, in traces.
pub const EXIT_MMAP: Function = Function::new("exit_mmap");

/// `exit_mmap` of the revision that runs.
pub fn exit_mmap(mm: Handle<Mm>) {
    world(|w| w.revision.exit_mmap)(mm);
}

/// What `exit_mmap` carries from unmapping to freeing: the gather, and the first mapping.
pub type Unmapped = (Handle<Gather>, Handle<Vma>);

/// The steps before the tables may go: secondary MMUs are told, locked pages unlocked, all pages unmapped. `None`
/// if there are no mappings.
pub fn unmap(mm: Handle<Mm>) -> Option<Unmapped> {
    mmu_notifier_release(mm);
    unmap_all(mm)
}

/// The same without secondary MMUs.
pub fn unmap_all(mm: Handle<Mm>) -> Option<Unmapped> {
    munlock_all(mm);
    let vma = read(mm, "mmap", |mm| mm.mmap)?;
    let gather = tlb_gather_mmu(mm, true);
    unmap_vmas(gather, vma);
    Some((gather, vma))
}

/// The steps that nobody who walks the address space may see: tables, pages and mappings are freed.
pub fn free(mm: Handle<Mm>, (gather, vma): Unmapped) {
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    tlb_finish_mmu(gather);
    remove_vmas(vma);
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
