//! Unmapping: clear page-table entries, gather the pages, keep the tables.
//!
//! Source: mm/memory.c (`unmap_vmas`, `zap_page_range`, `unmap_page_range`, `zap_pte_range`) and mm/rmap.c
//! (`page_remove_rmap`) of v4.9 to v4.15. Entries are cleared under the lock of their table, so two zappers may run
//! at the same time; the tables themselves must stay. Who calls `unmap_page_range` alone tells no secondary MMU:
//! before v4.14 that is the reaper.

use super::gather::{Gather, tlb_flush_mmu, tlb_remove_entry, tlb_remove_page};
use super::huge_memory::zap_huge_pmd;
use super::mmu_notifier::{mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start};
use super::pgtable::{
    self, Entry, PTRS, Slot, pgd_offset, pmd_offset, pte_offset_map_lock, read_pmd,
};
use super::vma::{VmFlag, Vma};
use super::{Mm, tlb};
use crate::memory::{Assertion, Handle, Violation, bug_on, read, report};
use crate::page::{Frame, clear_page_mlock};
use crate::sync::point::Access;
use crate::sync::spinlock::spin_unlock;
use crate::trace::{EventKind, enter, record};
use crate::world::world;

/// `unmap_vmas`: zaps every mapping of the list.
pub fn unmap_vmas(gather: Handle<Gather>, first: Handle<Vma>) {
    let _call = enter("unmap_vmas");
    let mm = gather.peek(|gather| gather.mm);
    mmu_notifier_invalidate_range_start(mm, &(0..u32::MAX));
    zap_vmas(gather, first);
    mmu_notifier_invalidate_range_end(mm);
}

/// `zap_page_range` of a whole mapping: secondary MMUs lose it, too.
pub fn zap_page_range(gather: Handle<Gather>, vma: Handle<Vma>) {
    let (mm, pages) = vma.peek(|vma| (vma.mm, vma.start..vma.end));
    mmu_notifier_invalidate_range_start(mm, &pages);
    unmap_single_vma(gather, vma);
    mmu_notifier_invalidate_range_end(mm);
}

fn zap_vmas(gather: Handle<Gather>, first: Handle<Vma>) {
    let mut next = Some(first);
    while let Some(vma) = next {
        unmap_single_vma(gather, vma);
        next = read(vma, "vm_next", |vma| vma.next);
    }
}

/// `unmap_single_vma`: looks whether there is something to unmap.
fn unmap_single_vma(gather: Handle<Gather>, vma: Handle<Vma>) {
    if vma.peek(|vma| vma.start < vma.end) {
        unmap_page_range(gather, vma);
    }
}

/// `unmap_page_range` over a whole mapping; of hugetlb memory, `__unmap_hugepage_range_final`.
pub fn unmap_page_range(gather: Handle<Gather>, vma: Handle<Vma>) {
    let _call = enter("unmap_page_range");
    let (mm, start, end) = vma.peek(|vma| (vma.mm, vma.start, vma.end));
    bug_on(start >= end, Assertion::RANGE, vma.object());
    let is_resident = vma.peek_at("vm_flags", |vma| !vma.has(VmFlag::Hugetlb));
    for from in (start..end).step_by(PTRS as usize) {
        let to = end.min(from + PTRS);
        if let Some(pmd) = pmd_offset(pgd_offset(mm, from), from) {
            zap_pmd(Zap { gather, mm, is_resident }, pmd, from, to);
        }
    }
}

/// Where what is unmapped goes.
#[derive(Clone, Copy)]
struct Zap {
    gather: Handle<Gather>,
    mm: Handle<Mm>,
    /// Whether the pages count as resident.
    is_resident: bool,
}

fn zap_pmd(zap: Zap, pmd: Slot, from: u32, to: u32) {
    if let Entry::Huge(_) = read_pmd(pmd)
        && zap_huge_pmd(zap.gather, pmd, from)
    {
        return;
    }
    if let Entry::Table(_) = pmd.peek() {
        zap_pte_range(zap, pmd, from, to);
    }
}

fn zap_pte_range(zap: Zap, pmd: Slot, from: u32, to: u32) {
    let _call = enter("zap_pte_range");
    let (table, ptl) = pte_offset_map_lock(pmd);
    let mut full = false;
    for (page, slot) in pgtable::slots(table, from, to) {
        full |= zap_pte(zap, page, slot);
    }
    spin_unlock(ptl);
    if full {
        tlb_flush_mmu(zap.gather);
    }
}

fn zap_pte(zap: Zap, page: u32, slot: Slot) -> bool {
    match slot.peek() {
        Entry::Page { frame, .. } => {
            slot.set(Entry::None);
            if zap.is_resident {
                page_remove_rmap(zap.mm, page, frame);
            } else {
                remove_mapping(zap.mm, page, frame);
            }
            tlb_remove_page(zap.gather, frame)
        }
        Entry::Zero | Entry::Pfn => {
            slot.set(Entry::None);
            tlb_remove_entry(zap.gather);
            false
        }
        _ => false,
    }
}

/// `page_remove_rmap`, and the page no longer counts as resident.
pub fn page_remove_rmap(mm: Handle<Mm>, page: u32, frame: Frame) {
    mm.access("rss", Access::Add, |mm| mm.rss -= 1);
    remove_mapping(mm, page, frame);
}

/// The frame is mapped once less; what nobody maps does not count as mlocked.
fn remove_mapping(mm: Handle<Mm>, page: u32, frame: Frame) {
    let (was_mapped, access) = world(|w| {
        let here = w.here();
        let state = w.zone.get(frame);
        let was_mapped = state.mapcount > 0;
        state.mapcount -= u16::from(was_mapped);
        state.unmapped = here;
        let access = Access::put(i32::from(state.mapcount));
        w.footprint.touch(frame.object(), "mapcount", access);
        (was_mapped, access)
    });
    if !was_mapped {
        let used = world(|w| w.here());
        report(Violation::Underflow { object: frame.object(), used });
    }
    if access == Access::PutLast {
        clear_page_mlock(frame);
    }
    record(mm.object(), EventKind::Unmap { frame: u32::from(frame.0), page });
}

/// `page_add_new_anon_rmap`. The caller has put the entry into the table.
pub fn page_add_new_anon_rmap(vma: Handle<Vma>, page: u32, frame: Frame) {
    let (mm, is_outside) = vma.peek(|vma| (vma.mm, page < vma.start || page >= vma.end));
    bug_on(is_outside, Assertion::ADDRESS, vma.object());
    page_add_rmap(mm, page, frame);
}

/// `page_add_rmap` for private memory. The caller has put the entry into the table.
pub fn page_add_rmap(mm: Handle<Mm>, page: u32, frame: Frame) {
    count_mapping(mm, frame);
    record(mm.object(), EventKind::Map { frame: u32::from(frame.0), page });
}

/// The frame is mapped once more, and the page counts as resident.
pub fn count_mapping(mm: Handle<Mm>, frame: Frame) {
    add_mapping(frame);
    mm.access("rss", Access::Add, |mm| mm.rss += 1);
}

/// The frame is mapped once more.
pub fn add_mapping(frame: Frame) {
    world(|w| {
        let here = w.here();
        w.footprint.touch(frame.object(), "mapcount", Access::Add);
        let state = w.zone.get(frame);
        state.mapcount += 1;
        state.mapped = here;
    });
}

/// `ptep_clear_flush` for a page that is replaced: the old frame is not referenced any more.
pub fn replace_page(mm: Handle<Mm>, page: u32, old: Frame) {
    page_remove_rmap(mm, page, old);
    tlb::flush_tlb_mm(mm);
}
