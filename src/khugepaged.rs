//! khugepaged: replaces the small pages of a range by a huge page, in address spaces that it holds by
//! count only.
//!
//! Source: mm/khugepaged.c (`khugepaged_scan_mm_slot`, `collapse_huge_page`, `__khugepaged_exit`) of v4.9 to
//! v4.15, for anonymous memory, where every page of the range is there (`max_ptes_none` 0). Collapsing takes
//! `mmap_sem` for writing and takes a page table away, after it looked whether there are users left; the
//! handshake with the exit path is ksmd's. The kernel keeps the table deposited behind the huge page; here it is
//! freed, and only counted (`nr_ptes`), because nobody looks at it again.

use crate::memory::{Assertion, Handle, bug_on, free, read};
use crate::mm::huge_memory::set_huge_pmd;
use crate::mm::mmu_notifier::{
    mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start,
};
use crate::mm::pgtable::{
    Entry, PTRS, PageTable, Slot, pgd_offset, pmd_lock, pmd_offset, pte_index, pte_offset_map_lock,
    read_pmd,
};
use crate::mm::tlb::flush_tlb_mm;
use crate::mm::vma::{VmFlag, Vma, find_vma_from};
use crate::mm::{Mm, MmFlag, memory::page_remove_rmap, mmap_sem, mmdrop};
use crate::page::{Frame, content, free_pages, is_pinned, mapcount, store};
use crate::page_alloc::try_alloc_frames;
use crate::scan_list::{Scanner, test_exit};
use crate::sync::daemon::Daemon;
use crate::sync::rwsem::{down_read, down_write, up_read, up_write};
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::sync::wait::wait_for_work;
use crate::trace::{Kind, ObjectRef, enter, protocol};

const LIST: ObjectRef = ObjectRef::sole(Kind::KhugepagedList);

const KHUGEPAGED: Scanner = Scanner { list: |w| &mut w.khugepaged, flag: MmFlag::VmHugepage };

/// The thread.
pub const DAEMON: Daemon = Daemon {
    boot: |w| KHUGEPAGED.boot(w, "khugepaged_mm_lock", LIST),
    has_work: Some(|w| !w.khugepaged.registered().is_empty()),
    ..Daemon::new("khugepaged", |_| khugepaged())
};

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
    let mut address = 0;
    KHUGEPAGED.lock();
    KHUGEPAGED.start();
    while let Some(mm) = KHUGEPAGED.cursor() {
        scan_mm_slot(mm, &mut address);
    }
    KHUGEPAGED.unlock();
    let _until_the_end = wait_for_work(LIST, "khugepaged_wait", || false);
}

/// `khugepaged_scan_mm_slot`: called and left with the list's lock held. Whether the users are gone is looked at
/// there in the end, so that the exit path either finds khugepaged at work or has nothing to wait for.
fn scan_mm_slot(mm: Handle<Mm>, address: &mut u32) {
    let _call = enter("khugepaged_scan_mm_slot");
    KHUGEPAGED.unlock();
    down_read(mmap_sem(mm));
    let more = scan_vmas(mm, address);
    KHUGEPAGED.lock();
    bug_on(KHUGEPAGED.cursor() != Some(mm), Assertion::MM_SLOT, mm.object());
    if test_exit(mm) || !more {
        KHUGEPAGED.advance(mm);
        *address = 0;
        collect_mm_slot(mm);
    }
}

fn collect_mm_slot(mm: Handle<Mm>) {
    if test_exit(mm) {
        KHUGEPAGED.remove(mm);
        mmdrop(mm);
    }
}

/// Looks at mappings until one has a range to be collapsed, and releases `mmap_sem`: whether there is more to
/// look at.
fn scan_vmas(mm: Handle<Mm>, address: &mut u32) -> bool {
    let mut next = if test_exit(mm) { None } else { find_vma_from(mm, *address) };
    while let Some(vma) = next {
        if test_exit(mm) {
            break;
        }
        if read(vma, "vm_flags", |vma| vma.has(VmFlag::Hugepage)) && scan_vma(mm, vma, address) {
            return true;
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
    up_read(mmap_sem(mm));
    next.is_some()
}

/// Looks at the whole ranges of a mapping: whether one was to be collapsed, and `mmap_sem` is released.
fn scan_vma(mm: Handle<Mm>, vma: Handle<Vma>, address: &mut u32) -> bool {
    let (start, end) = vma.peek(|vma| (vma.start.next_multiple_of(PTRS), vma.end - vma.end % PTRS));
    *address = start.max(*address);
    while *address < end && !test_exit(mm) {
        let range = *address;
        *address += PTRS;
        if scan_pmd(mm, range) {
            collapse_huge_page(mm, range);
            return true;
        }
    }
    false
}

/// `khugepaged_scan_pmd`: whether the range is worth it.
fn scan_pmd(mm: Handle<Mm>, page: u32) -> bool {
    let _call = enter("khugepaged_scan_pmd");
    let Some(pmd) = mm_find_pmd(mm, page) else { return false };
    let (table, ptl) = pte_offset_map_lock(pmd);
    let suitable = frames_of(table).is_some();
    spin_unlock(ptl);
    suitable
}

/// `mm_find_pmd`: the slot of a page in the middle level, if it leads to a table.
fn mm_find_pmd(mm: Handle<Mm>, page: u32) -> Option<Slot> {
    let pmd = pmd_offset(pgd_offset(mm, page), page)?;
    matches!(read_pmd(pmd), Entry::Table(_)).then_some(pmd)
}

/// The frames of a table, if all are there, the process's own, and nobody else holds one. The caller holds its
/// lock.
fn frames_of(table: Handle<PageTable>) -> Option<Vec<Frame>> {
    let frame = |page| match (Slot { table, index: pte_index(page) }).peek() {
        Entry::Page { frame, .. } => Some(frame).filter(|&frame| !is_pinned(frame)),
        _ => None,
    };
    (0..PTRS).map(frame).collect()
}

/// `collapse_huge_page`: releases `mmap_sem` to find memory, and takes it for writing; whether there are users
/// left, and a mapping, is looked at each time.
fn collapse_huge_page(mm: Handle<Mm>, page: u32) {
    let _call = protocol("collapse_huge_page", mm.object());
    up_read(mmap_sem(mm));
    let Some(fresh) = try_alloc_frames(PTRS as usize) else { return };
    down_read(mmap_sem(mm));
    let found = revalidate(mm, page).and_then(|_| mm_find_pmd(mm, page));
    up_read(mmap_sem(mm));
    let Some(pmd) = found else { return free_pages(&fresh) };
    down_write(mmap_sem(mm));
    let vma = revalidate(mm, page).filter(|_| mm_find_pmd(mm, page) == Some(pmd));
    let unused = vma.and_then(|vma| collapse(vma, page, pmd, &fresh)).unwrap_or(fresh);
    up_write(mmap_sem(mm));
    free_pages(&unused);
}

/// `hugepage_vma_revalidate`: the mapping of the range, if it is still one for huge pages.
fn revalidate(mm: Handle<Mm>, page: u32) -> Option<Handle<Vma>> {
    if test_exit(mm) {
        return None;
    }
    let fits = |vma: &Vma| vma.start <= page && page + PTRS <= vma.end && vma.has(VmFlag::Hugepage);
    find_vma_from(mm, page).filter(|vma| vma.peek_at("vm_flags", fits))
}

/// Moves the content once nobody can reach the range any more, and returns the frames that were there; `None`
/// if the table does not suit any more.
fn collapse(vma: Handle<Vma>, page: u32, pmd: Slot, fresh: &[Frame]) -> Option<Vec<Frame>> {
    let mm = vma.peek(|vma| vma.mm);
    mmu_notifier_invalidate_range_start(mm, &(page..page + PTRS));
    let table = pmdp_collapse_flush(mm, pmd);
    mmu_notifier_invalidate_range_end(mm);
    let table = table?;
    let pte_ptl = table.peek(|table| table.ptl);
    spin_lock(pte_ptl);
    let old = frames_of(table);
    if let Some(old) = &old {
        for ((page, &from), &to) in (page..).zip(old).zip(fresh) {
            store(to, content(from));
            bug_on(mapcount(from) != 1, Assertion::COPY_MAPCOUNT, from.object());
            Slot { table, index: pte_index(page) }.set(Entry::None);
            page_remove_rmap(mm, page, from);
        }
    }
    spin_unlock(pte_ptl);
    let pmd_ptl = pmd_lock(pmd);
    let is_none = pmd.peek() == Entry::None;
    bug_on(!is_none, Assertion::PMD_NONE, pmd.table.object());
    match old {
        Some(_) => set_huge_pmd(vma, pmd, page, fresh),
        None => pmd.set(Entry::Table(table)),
    }
    spin_unlock(pmd_ptl);
    if old.is_some() {
        free(table);
    }
    old
}

/// `pmdp_collapse_flush`: takes the table out of the middle level, and its translations out of all TLBs.
fn pmdp_collapse_flush(mm: Handle<Mm>, pmd: Slot) -> Option<Handle<PageTable>> {
    let ptl = pmd_lock(pmd);
    let entry = pmd.peek();
    let is_huge = matches!(entry, Entry::Huge(_));
    bug_on(is_huge, Assertion::COLLAPSE_FLUSH, pmd.table.object());
    let Entry::Table(table) = entry else {
        spin_unlock(ptl);
        return None;
    };
    pmd.set(Entry::None);
    flush_tlb_mm(mm);
    spin_unlock(ptl);
    Some(table)
}
