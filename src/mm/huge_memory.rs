//! Huge pages: how a fault installs one, and how it is taken away.
//!
//! Source: mm/huge_memory.c of v4.9 to v4.15, for anonymous memory. A huge page is [`PTRS`] frames in one
//! middle-level entry, under the lock of the middle-level table; behind it lies a page table for the day on
//! which it is split, which is only counted here. The huge zero page is left out: a load installs a huge page
//! of its own.

use super::check_stable::check_stable;
use super::fault::{Fault, VmFault};
use super::gather::{Gather, tlb_flush_mmu, tlb_remove_page};
use super::memory::{page_add_new_anon_rmap, page_remove_rmap};
use super::pgtable::{Entry, Level, PTRS, Slot, count_table, pmd_lock};
use super::vma::{VmFlag, Vma};
use crate::memory::Handle;
use crate::page::{Frame, free_pages, mlock_page};
use crate::page_alloc::try_alloc_frames;
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;

/// `do_huge_pmd_anonymous_page`: whether the fault is done with; if not (`VM_FAULT_FALLBACK`), it goes on with
/// small pages. Whoever finds that something has appeared in the entry meanwhile lets the access be tried
/// again.
pub(super) fn do_huge_pmd_anonymous_page(fault: Fault) -> Result<bool, VmFault> {
    let _call = enter("do_huge_pmd_anonymous_page");
    let Some(frames) = try_alloc_frames(PTRS as usize) else { return Ok(false) };
    let ptl = pmd_lock(fault.pmd);
    let empty = fault.pmd.peek() == Entry::None;
    let stable = if empty { check_stable(fault.mm) } else { Ok(()) };
    let installed = empty && stable.is_ok();
    if installed {
        set_huge_pmd(fault.vma, fault.pmd, fault.page - fault.page % PTRS, &frames);
        count_table(fault.mm, Level::Pte, 1);
    }
    spin_unlock(ptl);
    if !installed {
        free_pages(&frames);
    }
    stable.map(|()| true)
}

/// Puts a huge page into an empty middle-level entry, with a table deposited behind it, which the caller
/// accounts for. The caller holds the lock.
pub fn set_huge_pmd(vma: Handle<Vma>, pmd: Slot, first: u32, frames: &[Frame]) {
    let mut huge = [Frame(0); PTRS as usize];
    huge.copy_from_slice(frames);
    pmd.set(Entry::Huge(huge));
    for (page, &frame) in (first..).zip(frames) {
        page_add_new_anon_rmap(vma, page, frame);
    }
    if vma.peek_at("vm_flags", |vma| vma.has(VmFlag::Locked)) {
        frames.iter().for_each(|&frame| mlock_page(frame));
    }
}

/// `zap_huge_pmd`: whether there was still a huge page.
pub(super) fn zap_huge_pmd(gather: Handle<Gather>, pmd: Slot, first: u32) -> bool {
    let _call = enter("zap_huge_pmd");
    let mm = gather.peek(|gather| gather.mm);
    let ptl = pmd_lock(pmd);
    let Entry::Huge(frames) = pmd.peek() else {
        spin_unlock(ptl);
        return false;
    };
    pmd.set(Entry::None);
    count_table(mm, Level::Pte, -1);
    let mut full = false;
    for (page, frame) in (first..).zip(frames) {
        page_remove_rmap(mm, page, frame);
        full |= tlb_remove_page(gather, frame);
    }
    spin_unlock(ptl);
    if full {
        tlb_flush_mmu(gather);
    }
    true
}
