//! Page faults: install what is missing, unless the reaper has made the address space unstable.
//!
//! Source: mm/memory.c (`__handle_mm_fault`, `do_anonymous_page`, `do_wp_page`) of v4.9 to v4.15. Once
//! `MMF_UNSTABLE` is set, an empty entry may be one that the reaper emptied; installing a fresh page
//! there would show its reader zeros instead of data. v4.9 looks at the flag at the end and only for
//! kernel threads (3f70dc38cec2); v4.13 looks before it installs an anonymous page, under the lock of the page
//! table that the reaper also takes (6b31d5955cb2). Files are in [`super::file_fault`], huge pages in
//! [`super::huge_memory`]. An entry that is there is only replaced if it is still the same under the lock.

use super::Mm;
use super::check_stable::check_stable;
use super::file_fault::do_fault;
use super::huge_memory::do_huge_pmd_anonymous_page;
use super::memory::{page_add_new_anon_rmap, replace_page};
use super::mmu_notifier::{mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start};
use super::pgtable::{
    Entry, PTRS, PageTable, Slot, pmd_alloc, pte_alloc, pte_index, pte_offset_map_lock, read_pmd,
    read_pte,
};
use super::vma::{VmFlag, Vma};
use crate::memory::{Handle, read};
use crate::page::{Frame, content, free_pages, get_page, mlock_page, store};
use crate::page_alloc::alloc_page;
use crate::sync::spinlock::{SpinLock, spin_unlock};
use crate::trace::{EventKind, record};
use crate::world::world;

/// Why a fault could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmFault {
    /// `VM_FAULT_OOM`.
    Oom,
    /// `VM_FAULT_SIGBUS`.
    Sigbus,
}

/// A fault that is being resolved: `fault_env`, which is `vm_fault` since v4.10.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The address space.
    pub mm: Handle<Mm>,
    /// The mapping.
    pub vma: Handle<Vma>,
    /// The page.
    pub page: u32,
    /// Whether somebody stores.
    pub write: bool,
    /// Its slot in the middle level.
    pub pmd: Slot,
}

impl Fault {
    /// Whether the mapping has the flag.
    pub fn has(self, flag: VmFlag) -> bool {
        self.vma.peek_at("vm_flags", |vma| vma.has(flag))
    }

    /// `pte_alloc` and `pte_offset_map_lock`: the page's entry, locked; `None` if a huge page has appeared.
    pub fn lock_entry(self) -> Option<(Entry, Slot, SpinLock)> {
        if !pte_alloc(self.mm, self.pmd) {
            return None;
        }
        let (table, ptl) = pte_offset_map_lock(self.pmd);
        let slot = self.slot(table);
        Some((slot.peek(), slot, ptl))
    }

    /// The page's place in the lowest table.
    pub fn slot(self, table: Handle<PageTable>) -> Slot {
        Slot { table, index: pte_index(self.page) }
    }

    /// Puts a page of the process's own into an empty entry that is locked.
    pub fn set_anonymous(self, slot: Slot, frame: Frame, writable: bool) {
        slot.set(Entry::Page { frame, writable });
        page_add_new_anon_rmap(self.vma, self.page, frame);
        if self.has(VmFlag::Locked) {
            mlock_page(frame);
        }
    }
}

/// `__handle_mm_fault`.
pub fn resolve(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let flags = read(vma, "vm_flags", |vma| vma.flags);
    if flags & VmFlag::Pfnmap.mask() != 0 {
        return Err(VmFault::Sigbus);
    }
    let mm = vma.peek(|vma| vma.mm);
    let fault = Fault { mm, vma, page, write, pmd: pmd_alloc(mm, page) };
    let wants_huge = flags & VmFlag::Hugepage.mask() != 0;
    if wants_huge && read_pmd(fault.pmd) == Entry::None && do_huge_pmd_anonymous_page(fault)? {
        return Ok(());
    }
    handle_pte_fault(fault)
}

/// `handle_pte_fault`. The entry is read without its lock, and looked at again under it.
fn handle_pte_fault(fault: Fault) -> Result<(), VmFault> {
    let entry = match read_pmd(fault.pmd) {
        Entry::None => Entry::None,
        Entry::Table(table) => read_pte(fault.slot(table)),
        _ => return Ok(()),
    };
    match entry {
        Entry::None if fault.vma.peek_at("vm_flags", Vma::is_anonymous) => do_anonymous_page(fault),
        Entry::None => do_fault(fault),
        Entry::Zero if fault.write => do_wp_page(fault, entry),
        Entry::Page { writable: false, .. } if fault.write => do_wp_page(fault, entry),
        _ => Ok(()),
    }
}

/// `do_anonymous_page`: the zero page for a load, a new page for a store.
fn do_anonymous_page(fault: Fault) -> Result<(), VmFault> {
    if !fault.write {
        let Some((entry, slot, ptl)) = fault.lock_entry() else { return Ok(()) };
        let result = if entry == Entry::None { set_zero_page(fault, slot) } else { Ok(()) };
        spin_unlock(ptl);
        return result;
    }
    let frame = alloc_page().ok_or(VmFault::Oom)?;
    let Some((entry, slot, ptl)) = fault.lock_entry() else { return give_back(frame, Ok(())) };
    if entry != Entry::None {
        spin_unlock(ptl);
        return give_back(frame, Ok(()));
    }
    let stable = check_stable(fault.mm);
    if stable.is_ok() {
        fault.set_anonymous(slot, frame, true);
    }
    spin_unlock(ptl);
    if stable.is_err() { give_back(frame, stable) } else { Ok(()) }
}

fn set_zero_page(fault: Fault, slot: Slot) -> Result<(), VmFault> {
    check_stable(fault.mm)?;
    slot.set(Entry::Zero);
    record(fault.mm.object(), EventKind::Map { frame: 0, page: fault.page });
    Ok(())
}

/// A page that was not needed in the end.
pub fn give_back(frame: Frame, result: Result<(), VmFault>) -> Result<(), VmFault> {
    free_pages(&[frame]);
    result
}

/// `do_wp_page`: a page that stores must not reach is copied.
fn do_wp_page(fault: Fault, entry: Entry) -> Result<(), VmFault> {
    let Some((now, _, ptl)) = fault.lock_entry() else { return Ok(()) };
    let old = if let Entry::Page { frame, .. } = entry { Some(frame) } else { None };
    let unchanged = now == entry;
    if unchanged {
        old.into_iter().for_each(get_page);
    }
    spin_unlock(ptl);
    if unchanged { wp_page_copy(fault, entry, old) } else { Ok(()) }
}

/// `wp_page_copy`: holds the old page while it copies. No `MMF_UNSTABLE` is looked at: what the reaper emptied
/// is not the same entry any more. Secondary MMUs lose a page before another one takes its place.
fn wp_page_copy(fault: Fault, entry: Entry, old: Option<Frame>) -> Result<(), VmFault> {
    let fresh = alloc_page();
    let mut unused: Vec<Frame> = old.into_iter().collect();
    if let Some(fresh) = fresh {
        store(fresh, old.map_or(0, content));
        let (mm, page) = (fault.mm, fault.page);
        mmu_notifier_invalidate_range_start(mm, &(page..page + 1));
        unused.extend(replace(fault, entry, old, fresh));
        mmu_notifier_invalidate_range_end(mm);
    }
    free_pages(&unused);
    fresh.map(|_| ()).ok_or(VmFault::Oom)
}

/// Puts the fresh page in the place of the old one: whichever of them is not mapped any more.
fn replace(fault: Fault, entry: Entry, old: Option<Frame>, fresh: Frame) -> Option<Frame> {
    let Some((now, slot, ptl)) = fault.lock_entry() else { return Some(fresh) };
    let unchanged = now == entry;
    if unchanged {
        old.into_iter().for_each(|old| replace_page(fault.mm, fault.page, old));
        fault.set_anonymous(slot, fresh, true);
    }
    spin_unlock(ptl);
    if unchanged { old } else { Some(fresh) }
}

/// Maps pages at boot, before there is anybody to race with. `false` if memory is short.
pub fn populate(vma: Handle<Vma>, page: u32) -> bool {
    if world(|w| w.zone.free_frames() <= w.zone.high.max(PTRS as u16)) {
        return false;
    }
    resolve(vma, page, true).is_ok()
}
