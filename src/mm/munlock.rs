//! `munlock_vma_pages_range`: clear `VM_LOCKED`, then walk the page table to unlock each page.
//!
//! Source: mm/mlock.c of v4.9 to v4.15, without the LRU lists. In `exit_mmap` it runs before anybody waits for
//! the reaper, so what it walks may be taken away; its way through the page table is [`super::follow_page`]'s.

use super::Mm;
use super::follow_page::{follow_page, get_mapped_page};
use super::pgtable::{self, PTRS, pmd_alloc, pte_alloc, pte_offset_map_lock};
use super::vma::{VmFlag, Vma};
use crate::memory::{Handle, write};
use crate::page::{Frame, clear_page_mlock, free_pages};
use crate::sync::point::{Access, point};
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;
use crate::world::World;

/// `munlock_vma_pages_all`.
pub fn munlock_vma_pages_all(vma: Handle<Vma>) {
    let _call = enter("munlock_vma_pages_range");
    write(vma, "vm_flags", |vma| vma.flags &= !VmFlag::Locked.mask());
    let (mm, mut page, end) = vma.peek(|vma| (vma.mm, vma.start, vma.end));
    while page < end {
        page += munlock_at(mm, page, end);
    }
}

/// Unlocks what is at a page: how many pages are done with. A huge page that did not count as mlocked, because
/// somebody took it away meanwhile, is looked at page by page.
fn munlock_at(mm: Handle<Mm>, page: u32, end: u32) -> u32 {
    let mut frames = follow_page(mm, page);
    let huge = frames.len() > 1;
    if frames.len() == 1 {
        frames.extend(munlock_pagevec_fill(mm, page, end));
    }
    let mlocked = munlock_pages(&frames);
    if huge && !mlocked { 1 } else { frames.len().max(1) as u32 }
}

/// `munlock_vma_page`, `__munlock_pagevec`: the pages no longer count as mlocked, in one go under the lock of the
/// LRU lists, and are put. Whether any of them did.
fn munlock_pages(frames: &[Frame]) -> bool {
    if frames.is_empty() {
        return false;
    }
    point(World::ZONE, Access::Add, "munlock", "nr_mlock");
    let mlocked = frames.iter().filter(|&&frame| clear_page_mlock(frame)).count();
    free_pages(frames);
    mlocked > 0
}

/// `__munlock_pagevec_fill`: the pages that follow in the same table, up to the first that is not there, under
/// one lock. The page before them is held, and so the table is there.
fn munlock_pagevec_fill(mm: Handle<Mm>, page: u32, end: u32) -> Vec<Frame> {
    let pmd = pmd_alloc(mm, page);
    if !pte_alloc(mm, pmd) {
        return Vec::new();
    }
    let (table, ptl) = pte_offset_map_lock(pmd);
    let end = end.min((page / PTRS + 1) * PTRS);
    let slots = pgtable::slots(table, page + 1, end);
    let frames = slots.map_while(|(_, slot)| get_mapped_page(slot)).collect();
    spin_unlock(ptl);
    frames
}
