//! `free_pgtables`: the tables go. After its first step no walker may follow them.
//!
//! Source: mm/memory.c (`free_pgtables`, `free_pgd_range`) of v4.9 to v4.15. The kernel frees a table's
//! page with the gather; here it is freed when it is taken out, because from then on nobody may reach
//! it anyway.

use super::Mm;
use super::pgtable::{
    Entry, Level, PGDIR_PAGES, PTRS, PageTable, Slot, count_table, pgd_offset, pmd_index,
};
use super::vma::Vma;
use crate::memory::{Handle, free, read};
use crate::sync::point::{Access, point};
use crate::trace::{EventKind, enter, record};

/// The tables of mappings from `first` on; `floor` and `ceiling` are the pages next to them that are
/// still in use (the kernel's `FIRST_USER_ADDRESS` and 0 in `exit_mmap`). A table that several of the
/// mappings use goes with the last of them.
pub fn free_pgtables(mm: Handle<Mm>, first: Option<Handle<Vma>>, floor: u32, ceiling: u32) {
    let _call = enter("free_pgtables");
    let mut next = first;
    while let Some(vma) = next {
        next = read(vma, "vm_next", |vma| vma.next);
        let (start, end) = vma.peek(|vma| (vma.start, vma.end));
        let limit = next.map_or(ceiling, |next| next.peek(|next| next.start));
        free_pgd_range(mm, start..end, floor, limit);
    }
}

fn free_pgd_range(mm: Handle<Mm>, pages: std::ops::Range<u32>, floor: u32, ceiling: u32) {
    let first = pages.start / PGDIR_PAGES;
    let last = (pages.end - 1) / PGDIR_PAGES;
    for index in first..=last {
        let span = index * PGDIR_PAGES..(index + 1) * PGDIR_PAGES;
        let pgd = pgd_offset(mm, span.start);
        let Entry::Table(pmd) = pgd.peek() else { continue };
        free_pte_range(mm, pmd, pages.start.max(span.start), pages.end.min(span.end));
        if floor <= span.start && span.end <= ceiling {
            clear(pgd, "pgd");
            free(pmd);
            count_table(mm, Level::Pmd, -1);
        }
    }
}

fn free_pte_range(mm: Handle<Mm>, pmd: Handle<PageTable>, from: u32, to: u32) {
    for page in (from..to).step_by(PTRS as usize) {
        let slot = Slot { table: pmd, index: pmd_index(page) };
        if let Entry::Table(table) = slot.peek() {
            clear(slot, "pmd");
            free(table);
            count_table(mm, Level::Pte, -1);
        }
    }
}

/// `pmd_clear` and `pgd_clear`.
fn clear(slot: Slot, noun: &'static str) {
    let table = slot.table.object();
    point(table, Access::Write, "write", noun);
    slot.set(Entry::None);
    record(table, EventKind::Write);
}
