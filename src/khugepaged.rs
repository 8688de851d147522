//! khugepaged: replaces the small pages of a range by a huge page, in address spaces that it holds by
//! count only.
//!
//! Source: mm/khugepaged.c (`khugepaged_exit`, `collapse_huge_page`) of v4.9 to v4.15, for anonymous
//! memory. Collapsing takes `mmap_sem` for writing and frees a page table, after it looked whether there
//! are users left; the handshake with the exit path is ksmd's. The kernel keeps the page table deposited
//! behind the huge page; here it is freed, and only counted (`nr_ptes`), because nobody looks at it again.

use crate::memory::{Handle, free, read};
use crate::mm::fault::map_huge;
use crate::mm::mmu_notifier::{
    mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start,
};
use crate::mm::pgtable::{
    Entry, PTRS, PageTable, Slot, pgd_offset, pmd_lock, pmd_offset, pte_index, read_pmd,
};
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, memory::replace_page, mmap_sem, mmdrop};
use crate::page::{Frame, content, free_pages, store};
use crate::page_alloc::try_alloc_frames;
use crate::scan_list::{Scanner, test_exit};
use crate::sync::rwsem::{down_read, down_write, up_read, up_write};
use crate::sync::spinlock::spin_unlock;
use crate::sync::wait::wait_for_work;
use crate::trace::{Kind, ObjectRef, enter, protocol};
use crate::world::World;

const LIST: ObjectRef = ObjectRef::sole(Kind::KhugepagedList);

const KHUGEPAGED: Scanner = Scanner { list: |w| &mut w.khugepaged, flag: MmFlag::VmHugepage };

/// Creates the lock, at boot.
pub fn boot(w: &mut World) {
    KHUGEPAGED.boot(w, "khugepaged_mm_lock", LIST);
}

/// `__khugepaged_enter`: registers an address space.
pub fn khugepaged_enter(mm: Handle<Mm>) {
    KHUGEPAGED.enter(mm);
}

/// `khugepaged_exit`: the handshake of a dying address space.
pub fn khugepaged_exit(mm: Handle<Mm>) {
    if KHUGEPAGED.knows(mm) {
        let _call = protocol("__khugepaged_exit", mm.object());
        KHUGEPAGED.exit(mm);
    }
}

/// The thread: one pass over what is registered, then it waits for more to do.
pub fn khugepaged() {
    let _call = protocol("khugepaged", LIST);
    for mm in KHUGEPAGED.registered() {
        if KHUGEPAGED.begin(mm) {
            scan(mm);
            if KHUGEPAGED.end(mm) {
                mmdrop(mm);
            }
        }
    }
    let _until_the_end = wait_for_work(LIST, "khugepaged_wait", || false);
}

fn scan(mm: Handle<Mm>) {
    let _call = enter("khugepaged_scan_mm_slot");
    down_read(mmap_sem(mm));
    let candidate = if test_exit(mm) { None } else { find_candidate(mm) };
    up_read(mmap_sem(mm));
    if let Some(page) = candidate {
        collapse_huge_page(mm, page);
    }
}

/// The first page of a range of a huge mapping that small pages fill.
fn find_candidate(mm: Handle<Mm>) -> Option<u32> {
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if read(vma, "vm_flags", |vma| vma.has(VmFlag::Hugepage))
            && let Some(page) = filled_range(mm, vma)
        {
            return Some(page);
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
    None
}

fn filled_range(mm: Handle<Mm>, vma: Handle<Vma>) -> Option<u32> {
    let (start, end) = vma.peek(|vma| (vma.start, vma.end));
    (start..end).step_by(PTRS as usize).find(|&page| table_with_pages(mm, page).is_some())
}

/// The lowest table at a page, if small pages fill it.
fn table_with_pages(mm: Handle<Mm>, page: u32) -> Option<(Slot, Handle<PageTable>)> {
    let pmd = pmd_offset(pgd_offset(mm, page), page)?;
    let Entry::Table(table) = read_pmd(pmd) else { return None };
    (frames_of(table).len() == PTRS as usize).then_some((pmd, table))
}

fn frames_of(table: Handle<PageTable>) -> Vec<Frame> {
    let entries = (0..PTRS).map(|page| Slot { table, index: pte_index(page) }.peek());
    let frame = |entry| if let Entry::Page { frame, .. } = entry { Some(frame) } else { None };
    entries.filter_map(frame).collect()
}

/// `collapse_huge_page`: with `mmap_sem` for writing, and only if there are users left.
fn collapse_huge_page(mm: Handle<Mm>, page: u32) {
    let _call = protocol("collapse_huge_page", mm.object());
    let Some(fresh) = try_alloc_frames(PTRS as usize) else { return };
    down_write(mmap_sem(mm));
    let target = if test_exit(mm) { None } else { table_with_pages(mm, page) };
    let unused = match target {
        Some((pmd, table)) => {
            mmu_notifier_invalidate_range_start(mm, &(page..page + PTRS));
            let unused = collapse(mm, page, pmd, table, &fresh);
            mmu_notifier_invalidate_range_end(mm);
            unused
        }
        None => fresh,
    };
    up_write(mmap_sem(mm));
    free_pages(&unused);
}

/// Moves the content, and returns the frames that are no longer used.
fn collapse(
    mm: Handle<Mm>,
    page: u32,
    pmd: Slot,
    table: Handle<PageTable>,
    fresh: &[Frame],
) -> Vec<Frame> {
    let ptl = pmd_lock(pmd);
    let old = frames_of(table);
    if old.len() != fresh.len() || pmd.peek() != Entry::Table(table) {
        spin_unlock(ptl);
        return fresh.to_vec();
    }
    for ((page, &from), &to) in (page..).zip(&old).zip(fresh) {
        store(to, content(from));
        Slot { table, index: pte_index(page) }.set(Entry::None);
        replace_page(mm, page, from);
    }
    map_huge(mm, pmd, page, fresh);
    spin_unlock(ptl);
    free(table);
    old
}
