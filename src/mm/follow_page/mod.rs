//! `follow_page_mask`: from a page of an address space to its frame, which is got while the table is locked.
//!
//! Who calls holds `mmap_sem` for reading, or nothing at all in `exit_mmap`, so a huge page may be taken away at any
//! moment. The middle level is read three times without its lock, and nobody compares what was read: whether there
//! is anything, whether it is a huge page, and (`pmd_bad`) whether it leads to a table. 688272809fcc (v4.18) reads
//! it once. [`v4_9`] and [`v4_14`] say what becomes of an entry that is empty once it is locked. Source: mm/gup.c.

mod v4_14;
mod v4_9;

pub use v4_9::follow_page as v4_9;
pub use v4_14::follow_page as v4_14;

use super::Mm;
use super::pgtable::{Entry, Slot, pmd_bad, pte_index, pte_offset_map_lock, read_pmd};
use crate::memory::Handle;
use crate::page::{Frame, get_page};
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;
use crate::world::world;

/// `follow_page` with `FOLL_GET`: the frame at a page, or the frames of the huge page; none if there are none.
pub type FollowPage = fn(Handle<Mm>, u32) -> Vec<Frame>;

/// `follow_page_mask` of the revision that runs.
pub fn follow_page(mm: Handle<Mm>, page: u32) -> Vec<Frame> {
    world(|w| w.revision.follow_page)(mm, page)
}

/// `follow_page_pte`, which looks whether there is a table, and then relies on it.
pub fn follow_page_pte(pmd: Slot, page: u32) -> Vec<Frame> {
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
