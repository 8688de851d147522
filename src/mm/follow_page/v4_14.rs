//! `follow_page_mask` since v4.14 (84c3fc4e9c56): an entry that is empty once it is locked leads nowhere.
//!
//! Source: `follow_pmd_mask` in mm/gup.c of v4.14 and v4.15.

use super::follow_page_pte;
use crate::memory::Handle;
use crate::mm::Mm;
use crate::mm::pgtable::{Entry, pgd_offset, pmd_lock, pmd_offset, read_pmd};
use crate::page::{Frame, get_page};
use crate::sync::spinlock::spin_unlock;
use crate::trace::enter;

/// `follow_page_mask`.
pub fn follow_page(mm: Handle<Mm>, page: u32) -> Vec<Frame> {
    let _call = enter("follow_page_mask");
    let Some(pmd) = pmd_offset(pgd_offset(mm, page), page) else { return Vec::new() };
    if read_pmd(pmd) == Entry::None {
        return Vec::new();
    }
    if !matches!(read_pmd(pmd), Entry::Huge(_)) {
        return follow_page_pte(pmd, page);
    }
    let ptl = pmd_lock(pmd);
    match pmd.peek() {
        Entry::None => {
            spin_unlock(ptl);
            Vec::new()
        }
        Entry::Huge(frames) => {
            frames.into_iter().for_each(get_page);
            spin_unlock(ptl);
            frames.to_vec()
        }
        _ => {
            spin_unlock(ptl);
            follow_page_pte(pmd, page)
        }
    }
}
