//! `follow_page`: from a page of an address space to its frame, which is got while the table is locked.
//!
//! Source: mm/gup.c (`follow_page_mask`, `follow_page_pte`) of v4.9 to v4.15; since v4.13 the part about the
//! middle level is `follow_pmd_mask`. Who calls holds `mmap_sem` for reading, or nothing at all in `exit_mmap`,
//! so a huge page may be taken away at any moment. The middle level is read three times without its lock, and
//! nobody compares what was read: whether there is anything, whether it is a huge page, and (`pmd_bad`) whether
//! it leads to a table. 688272809fcc (v4.18) reads it once.

use super::Mm;
use super::pgtable::{
    Entry, Slot, pgd_offset, pmd_bad, pmd_lock, pmd_offset, pte_index, pte_offset_map_lock,
    read_pmd,
};
use crate::memory::Handle;
use crate::page::{Frame, get_page};
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;

/// `follow_page` with `FOLL_GET`: the frame at a page, or the frames of the huge page; none if there are none.
pub type FollowPage = fn(Handle<Mm>, u32) -> Vec<Frame>;

/// `follow_page_mask` of v4.9 and v4.13: an entry that is no huge page any more once it is locked is taken for
/// a table's.
pub fn follow_page_v4_9(mm: Handle<Mm>, page: u32) -> Vec<Frame> {
    follow_pmd(mm, page, follow_page_pte)
}

/// `follow_page_mask` since v4.14 (84c3fc4e9c56): an entry that is empty once it is locked leads nowhere.
pub fn follow_page_v4_14(mm: Handle<Mm>, page: u32) -> Vec<Frame> {
    follow_pmd(mm, page, |_, _| Vec::new())
}

/// What both have in common; `vanished` goes on if the entry is empty under the lock.
fn follow_pmd(mm: Handle<Mm>, page: u32, vanished: fn(Slot, u32) -> Vec<Frame>) -> Vec<Frame> {
    let _call = enter("follow_page_mask");
    let Some(pmd) = pmd_offset(pgd_offset(mm, page), page) else { return Vec::new() };
    if read_pmd(pmd) == Entry::None {
        return Vec::new();
    }
    if !matches!(read_pmd(pmd), Entry::Huge(_)) {
        return follow_page_pte(pmd, page);
    }
    let ptl = pmd_lock(pmd);
    let entry = pmd.peek();
    if let Entry::Huge(frames) = entry {
        frames.into_iter().for_each(get_page);
    }
    spin_unlock(ptl);
    match entry {
        Entry::Huge(frames) => frames.to_vec(),
        Entry::None => vanished(pmd, page),
        _ => follow_page_pte(pmd, page),
    }
}

/// `follow_page_pte`, which looks whether there is a table, and then relies on it.
fn follow_page_pte(pmd: Slot, page: u32) -> Vec<Frame> {
    let _call = enter("follow_page_pte");
    if pmd_bad(read_pmd(pmd)) {
        return Vec::new();
    }
    let (table, ptl) = pte_offset_map_lock(pmd);
    let frame = get_mapped_page(Slot { table, index: pte_index(page) });
    spin_unlock(ptl);
    frame.into_iter().collect()
}

/// The frame of an entry with one more reference. The zero page and device memory have none to give.
pub fn get_mapped_page(slot: Slot) -> Option<Frame> {
    let Entry::Page { frame, .. } = slot.peek() else { return None };
    get_page(frame);
    Some(frame)
}
