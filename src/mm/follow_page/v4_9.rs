//! `follow_page_mask` of v4.9 and v4.13: an entry that is no huge page any more once it is locked is taken for a
//! table's.
//!
//! Source: mm/gup.c of v4.9 and v4.13, where the part about the middle level is `follow_pmd_mask`.

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
    let Entry::Huge(frames) = pmd.peek() else {
        spin_unlock(ptl);
        return follow_page_pte(pmd, page);
    };
    frames.into_iter().for_each(get_page);
    spin_unlock(ptl);
    frames.to_vec()
}
