//! Faults in mappings of files, of shared memory and of huge page pools.
//!
//! Source: mm/memory.c (`do_read_fault`, `do_cow_fault`, `do_shared_fault`, `do_fault_around`, `finish_fault`)
//! and mm/filemap.c (`filemap_map_pages`) of v4.9 to v4.15. Of a private mapping, what the reaper took may have
//! been a copy that the process had stored to; who installs the file's page there shows its reader what the file
//! contains. `finish_fault` looks at `MMF_UNSTABLE` for that (6b31d5955cb2, v4.13), but before it takes the
//! page-table lock; what is mapped around a load on the way, its page included, is mapped without looking at
//! all.
//!
//! There is no cache of pages that outlives their mappings. A page of a private file mapping is a frame of its
//! own, as if it had been in the cache all the time and was the first to be reclaimed when memory got short:
//! then the cache is cold, nothing is mapped around, and the page is read, which may have to wait for memory.

use super::fault::{Fault, VmFault, give_back};
use super::finish_fault::finish_fault;
use super::memory::{add_mapping, count_mapping, page_add_rmap};
use super::pgtable::{Entry, PTRS, Slot, pte_alloc, pte_offset_map_lock, slots};
use super::vma::{VmFlag, Vma};
use crate::memory::Handle;
use crate::page::{Frame, Watermark, get_page, get_page_from_freelist, store};
use crate::page_alloc::alloc_page;
use crate::sync::spinlock::spin_unlock;
use crate::trace::protocol;

/// `do_fault`.
pub(super) fn do_fault(fault: Fault) -> Result<(), VmFault> {
    if fault.has(VmFlag::Hugetlb) {
        return hugetlb_fault(fault);
    }
    if !fault.write && do_fault_around(fault) {
        return Ok(());
    }
    if fault.has(VmFlag::Shared) {
        let frame = backing_page(fault.vma, fault.page).ok_or(VmFault::Sigbus)?;
        return finish(fault, frame);
    }
    let frame = alloc_page().ok_or(VmFault::Oom)?;
    store(frame, fault.vma.peek(|vma| vma.pristine(fault.page)));
    finish(fault, frame)
}

fn finish(fault: Fault, frame: Frame) -> Result<(), VmFault> {
    match finish_fault(fault, frame) {
        Ok(true) => Ok(()),
        Ok(false) => give_back(frame, Ok(())),
        Err(error) => give_back(frame, Err(error)),
    }
}

/// `alloc_set_pte`: whether the page was put into the entry, which has to be empty.
pub fn alloc_set_pte(fault: Fault, frame: Frame) -> bool {
    let Some((entry, slot, ptl)) = fault.lock_entry() else { return false };
    let empty = entry == Entry::None;
    if empty {
        set_pte(fault, slot, frame);
    }
    spin_unlock(ptl);
    empty
}

/// A copy for the process that stores, the file's own page for others.
fn set_pte(fault: Fault, slot: Slot, frame: Frame) {
    if fault.has(VmFlag::Shared) {
        slot.set(Entry::Page { frame, writable: true });
        count_mapping(fault.mm, frame);
    } else if fault.write {
        fault.set_anonymous(slot, frame, true);
    } else {
        slot.set(Entry::Page { frame, writable: false });
        page_add_rmap(fault.mm, fault.page, frame);
    }
}

/// `do_fault_around` with `filemap_map_pages`: maps what the cache has of the pages around a load, as far as the
/// table and the mapping reach. Whether that resolves the fault.
fn do_fault_around(fault: Fault) -> bool {
    let _call = protocol("do_fault_around", fault.mm.object());
    if !pte_alloc(fault.mm, fault.pmd) {
        return true;
    }
    let (table, ptl) = pte_offset_map_lock(fault.pmd);
    let first = fault.page - fault.page % PTRS;
    let (start, end) = fault.vma.peek(|vma| (vma.start.max(first), vma.end.min(first + PTRS)));
    for (page, slot) in slots(table, start, end) {
        if slot.peek() == Entry::None
            && let Some(frame) = cached_page(fault.vma, page)
        {
            set_pte(Fault { page, ..fault }, slot, frame);
        }
    }
    let resolved = fault.slot(table).peek() != Entry::None;
    spin_unlock(ptl);
    resolved
}

/// A page of the file, if the cache has it.
fn cached_page(vma: Handle<Vma>, page: u32) -> Option<Frame> {
    if vma.peek_at("vm_flags", Vma::has_backing) {
        return backing_page(vma, page);
    }
    let frame = get_page_from_freelist(Watermark::Min)?;
    store(frame, vma.peek(|vma| vma.pristine(page)));
    Some(frame)
}

/// A page of memory that stays when it is unmapped.
fn backing_page(vma: Handle<Vma>, page: u32) -> Option<Frame> {
    let frame =
        vma.peek_at("backing", |vma| vma.backing.get((page - vma.start) as usize).copied())?;
    get_page(frame);
    Some(frame)
}

/// `hugetlb_fault`, with small pages for huge ones. What it maps is not resident memory (`hugetlb_usage` is a
/// counter of its own), and nobody looks whether the address space is stable: the reaper leaves it alone.
fn hugetlb_fault(fault: Fault) -> Result<(), VmFault> {
    let frame = backing_page(fault.vma, fault.page).ok_or(VmFault::Sigbus)?;
    let Some((entry, slot, ptl)) = fault.lock_entry() else { return give_back(frame, Ok(())) };
    let empty = entry == Entry::None;
    if empty {
        slot.set(Entry::Page { frame, writable: true });
        add_mapping(frame);
    }
    spin_unlock(ptl);
    if empty { Ok(()) } else { give_back(frame, Ok(())) }
}
