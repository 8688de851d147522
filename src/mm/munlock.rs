//! `munlock_vma_pages_range`: clear `VM_LOCKED`, then walk the page table to unlock each page.
//!
//! Source: mm/mlock.c and mm/gup.c (`follow_page_mask`) of v4.9 to v4.15. The walk looks at the middle
//! level without its lock and trusts what it saw.

use super::Mm;
use super::pgtable::{
    self, Entry, PTRS, Slot, pgd_offset, pmd_lock, pmd_offset, pte_index, pte_offset_map_lock,
    read_pmd,
};
use super::vma::{VmFlag, Vma};
use crate::memory::{Handle, write};
use crate::page::{Frame, free_pages, get_page};
use crate::sync::point::Access;
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;
use crate::world::world;

/// `munlock_vma_pages_all`.
pub fn munlock_vma_pages_all(vma: Handle<Vma>) {
    let _call = enter("munlock_vma_pages_range");
    write(vma, "vm_flags", |vma| vma.flags &= !VmFlag::Locked.mask());
    let (mm, start, end) = vma.peek(|vma| (vma.mm, vma.start, vma.end));
    for from in (start..end).step_by(PTRS as usize) {
        munlock_pages(follow_page(mm, from));
        munlock_pages(munlock_pagevec_fill(mm, from + 1, end.min(from + PTRS)));
    }
}

/// `munlock_vma_page` for pages that were got: they no longer count as mlocked, and are put.
fn munlock_pages(frames: Vec<Frame>) {
    world(|w| {
        for &frame in &frames {
            w.footprint.touch(frame.object(), "mlocked", Access::Update);
            let was = std::mem::replace(&mut w.zone.get(frame).mlocked, false);
            w.zone.mlocked -= i32::from(was);
        }
    });
    free_pages(&frames);
}

/// `follow_page` with `FOLL_GET`: the page frame, or the frames of the huge page, at an address.
pub fn follow_page(mm: Handle<Mm>, page: u32) -> Vec<Frame> {
    let _call = enter("follow_page_mask");
    let Some(pmd) = pmd_offset(pgd_offset(mm, page), page) else { return Vec::new() };
    match read_pmd(pmd) {
        Entry::None => Vec::new(),
        Entry::Huge(_) => follow_huge(pmd, page),
        _ => follow_page_pte(pmd, page),
    }
}

fn follow_huge(pmd: Slot, page: u32) -> Vec<Frame> {
    let ptl = pmd_lock(pmd);
    if let Entry::Huge(frames) = pmd.peek() {
        frames.into_iter().for_each(get_page);
        spin_unlock(ptl);
        return frames.to_vec();
    }
    spin_unlock(ptl);
    follow_page_pte(pmd, page)
}

fn follow_page_pte(pmd: Slot, page: u32) -> Vec<Frame> {
    let _call = enter("follow_page_pte");
    let (table, ptl) = pte_offset_map_lock(pmd);
    let frames = got(Slot { table, index: pte_index(page) });
    spin_unlock(ptl);
    frames.into_iter().collect()
}

fn got(slot: Slot) -> Option<Frame> {
    let Entry::Page { frame, .. } = slot.peek() else { return None };
    get_page(frame);
    Some(frame)
}

/// `__munlock_pagevec_fill`: the further pages of the same table, under one lock.
fn munlock_pagevec_fill(mm: Handle<Mm>, from: u32, to: u32) -> Vec<Frame> {
    let Some(pmd) = pmd_offset(pgd_offset(mm, to - 1), to - 1) else { return Vec::new() };
    if from >= to || !matches!(read_pmd(pmd), Entry::Table(_)) {
        return Vec::new();
    }
    let (table, ptl) = pte_offset_map_lock(pmd);
    let frames = pgtable::slots(table, from, to).filter_map(|(_, slot)| got(slot)).collect();
    spin_unlock(ptl);
    frames
}
