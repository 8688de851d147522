//! Page faults: install what is missing, unless the reaper has made the address space unstable.
//!
//! Source: mm/memory.c (`handle_mm_fault`, `do_anonymous_page`, `finish_fault`) of v4.9 and v4.13. Once
//! `MMF_UNSTABLE` is set, an empty entry may be one that the reaper emptied; installing a fresh page
//! there would show its reader zeros instead of data. v4.9 looks at the flag at the end and only for
//! kernel threads (3f70dc38cec2); v4.13 looks before it installs anything, under the lock of the page
//! table that the reaper also takes (6b31d5955cb2).

use super::memory::{count_mapping, page_add_rmap, replace_page};
use super::mmu_notifier::{mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start};
use super::pgtable::{
    self, Entry, Level, PTRS, Slot, count_table, pmd_alloc, pmd_lock, pte_alloc, pte_index,
    pte_offset_map_lock, read_pmd,
};
use super::vma::{VmFlag, Vma};
use super::{Mm, MmFlag};
use crate::memory::{Handle, read};
use crate::page::{Frame, content, free_pages, get_page, store};
use crate::page_alloc::{alloc_page, try_alloc_frames};
use crate::sync::bits::{peek_bit, test_bit};
use crate::sync::point::Access;
use crate::sync::spinlock::spin_unlock;
use crate::task::{TaskFlag, current};
use crate::trace::{What, protocol, record};
use crate::world::world;

/// Why a fault could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmFault {
    /// `VM_FAULT_OOM`.
    Oom,
    /// `VM_FAULT_SIGBUS`.
    Sigbus,
}

/// Resolves a fault, or says why not.
pub type HandleMmFault = fn(Handle<Vma>, u32, bool) -> Result<(), VmFault>;

/// `handle_mm_fault` of v4.9: kernel threads learn of the instability afterwards.
pub fn handle_mm_fault_v4_9(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let mm = vma.peek(|vma| vma.mm);
    let _call = protocol("handle_mm_fault", mm.object());
    install(vma, page, write)?;
    if peek_bit(current(), TaskFlag::Kthread) && test_bit(mm, MmFlag::Unstable) {
        return Err(VmFault::Sigbus);
    }
    Ok(())
}

/// `handle_mm_fault` since v4.13: all checks happen where pages are installed.
pub fn handle_mm_fault_v4_13(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let _call = protocol("handle_mm_fault", vma.peek(|vma| vma.mm).object());
    install(vma, page, write)
}

/// Mutant M12c: `handle_mm_fault` that looks at the end, for every task, when others can use the page.
pub fn handle_mm_fault_m12c(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let mm = vma.peek(|vma| vma.mm);
    let _call = protocol("handle_mm_fault", mm.object());
    install(vma, page, write)?;
    check_stable_v4_13(mm)
}

/// `check_stable_address_space` did not exist before v4.13.
pub fn check_stable_v4_9(_mm: Handle<Mm>) -> Result<(), VmFault> {
    Ok(())
}

/// `check_stable_address_space` since v4.13; the caller holds the page-table lock.
pub fn check_stable_v4_13(mm: Handle<Mm>) -> Result<(), VmFault> {
    if test_bit(mm, MmFlag::Unstable) { Err(VmFault::Sigbus) } else { Ok(()) }
}

fn check_stable(mm: Handle<Mm>) -> Result<(), VmFault> {
    world(|w| w.revision.check_stable)(mm)
}

/// `__handle_mm_fault`.
fn install(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let flags = read(vma, "vm_flags", |vma| vma.flags);
    let mm = vma.peek(|vma| vma.mm);
    if flags & VmFlag::Pfnmap.mask() != 0 {
        return Err(VmFault::Sigbus);
    }
    if flags & VmFlag::Hugepage.mask() != 0 && install_huge(mm, vma, page)? {
        return Ok(());
    }
    let Some(pmd) = pte_alloc(mm, page) else { return Ok(()) };
    if vma.peek_at("vm_flags", Vma::has_backing) {
        return install_backing(mm, vma, pmd, page);
    }
    let (entry, ptl, _) = lock_pte(pmd, page);
    spin_unlock(ptl);
    match entry {
        Entry::None if write || vma.peek(|vma| vma.file) => fill(mm, vma, pmd, page, write, entry),
        Entry::None => install_zero(mm, pmd, page),
        Entry::Zero if write => fill(mm, vma, pmd, page, true, entry),
        Entry::Page { frame, writable: false } if write => copy_on_write(mm, pmd, page, frame),
        _ => Ok(()),
    }
}

fn lock_pte(pmd: Slot, page: u32) -> (Entry, crate::sync::spinlock::SpinLock, Slot) {
    let (table, ptl) = pte_offset_map_lock(pmd);
    let slot = Slot { table, index: pte_index(page) };
    (slot.peek(), ptl, slot)
}

/// `do_huge_pmd_anonymous_page`: whether a huge page is in place.
fn install_huge(mm: Handle<Mm>, vma: Handle<Vma>, page: u32) -> Result<bool, VmFault> {
    let pmd = pmd_alloc(mm, page);
    match read_pmd(pmd) {
        Entry::Huge(_) => return Ok(true),
        Entry::None if vma.peek_at("vm_flags", Vma::is_anonymous) => {}
        _ => return Ok(false),
    }
    let Some(frames) = try_alloc_frames(PTRS as usize) else { return Ok(false) };
    let ptl = pmd_lock(pmd);
    let stable = check_stable(mm);
    let installed = stable.is_ok() && pmd.peek() == Entry::None;
    if installed {
        map_huge(mm, pmd, page - page % PTRS, &frames);
        count_table(mm, Level::Pte, 1);
    }
    spin_unlock(ptl);
    if !installed {
        free_pages(&frames);
    }
    stable.map(|()| installed)
}

/// Puts a huge page into an empty middle-level entry, with a table deposited behind it, which the caller
/// accounts for. The caller holds the lock.
pub fn map_huge(mm: Handle<Mm>, pmd: Slot, first: u32, frames: &[Frame]) {
    let mut huge = [Frame(0); PTRS as usize];
    huge.copy_from_slice(frames);
    pmd.set(Entry::Huge(huge));
    for (page, &frame) in (first..).zip(frames) {
        page_add_rmap(mm, page, frame);
    }
}

/// `do_anonymous_page` for a load: the zero page.
fn install_zero(mm: Handle<Mm>, pmd: Slot, page: u32) -> Result<(), VmFault> {
    let (entry, ptl, slot) = lock_pte(pmd, page);
    let stable = if entry == Entry::None { check_stable(mm) } else { Ok(()) };
    if entry == Entry::None && stable.is_ok() {
        slot.set(Entry::Zero);
        record(mm.object(), What::Map { frame: 0, page });
    }
    spin_unlock(ptl);
    stable
}

/// `do_anonymous_page` for a store, `do_cow_fault` and `do_read_fault`: a new page with what the
/// mapping contains before anybody stores to it. `wp_page_copy`, if it takes the place of the zero page.
fn fill(
    mm: Handle<Mm>,
    vma: Handle<Vma>,
    pmd: Slot,
    page: u32,
    writable: bool,
    was: Entry,
) -> Result<(), VmFault> {
    let frame = alloc_page().ok_or(VmFault::Oom)?;
    store(frame, vma.peek(|vma| vma.pristine(page)));
    let fill = || fill_with(vma, pmd, page, was, Entry::Page { frame, writable });
    let stable = if was == Entry::Zero { notified(mm, page, fill) } else { fill() };
    if stable != Ok(true) {
        free_pages(&[frame]);
    }
    stable.map(|_| ())
}

/// Whether the new page is in place: not if something else is there by now.
fn fill_with(
    vma: Handle<Vma>,
    pmd: Slot,
    page: u32,
    was: Entry,
    new: Entry,
) -> Result<bool, VmFault> {
    let mm = vma.peek(|vma| vma.mm);
    let (entry, ptl, slot) = lock_pte(pmd, page);
    let unchanged = entry == was;
    let stable = if unchanged && was == Entry::None { check_stable(mm) } else { Ok(()) };
    let installed = unchanged && stable.is_ok();
    if installed {
        install_page(mm, vma, slot, page, new);
    }
    spin_unlock(ptl);
    stable.map(|()| installed)
}

fn install_page(mm: Handle<Mm>, vma: Handle<Vma>, slot: Slot, page: u32, entry: Entry) {
    let Entry::Page { frame, .. } = entry else { return };
    slot.set(entry);
    page_add_rmap(mm, page, frame);
    if vma.peek_at("vm_flags", |vma| vma.has(VmFlag::Locked)) {
        mlock_page(frame);
    }
}

/// `mlock_vma_page`: the page counts as mlocked.
pub fn mlock_page(frame: Frame) {
    world(|w| {
        w.footprint.touch(frame.object(), "mlocked", Access::Update);
        let was = std::mem::replace(&mut w.zone.get(frame).mlocked, true);
        w.zone.mlocked += i32::from(!was);
    });
}

/// `wp_page_copy`: a private copy of a page that stores must not reach.
fn copy_on_write(mm: Handle<Mm>, pmd: Slot, page: u32, old: Frame) -> Result<(), VmFault> {
    get_page(old);
    let fresh = alloc_page();
    if let Some(fresh) = fresh {
        store(fresh, content(old));
        let unchanged = notified(mm, page, || replace(mm, pmd, page, old, fresh));
        free_pages(&[if unchanged { old } else { fresh }]);
    }
    free_pages(&[old]);
    fresh.map(|_| ()).ok_or(VmFault::Oom)
}

/// Whether the old page was still there, and the fresh one is in its place now.
fn replace(mm: Handle<Mm>, pmd: Slot, page: u32, old: Frame, fresh: Frame) -> bool {
    let (entry, ptl, slot) = lock_pte(pmd, page);
    let unchanged = entry == Entry::Page { frame: old, writable: false };
    if unchanged {
        replace_page(mm, page, old);
        slot.set(Entry::Page { frame: fresh, writable: true });
        page_add_rmap(mm, page, fresh);
    }
    spin_unlock(ptl);
    unchanged
}

/// Secondary MMUs lose a page before another one takes its place, and find that one afterwards.
fn notified<R>(mm: Handle<Mm>, page: u32, action: impl FnOnce() -> R) -> R {
    mmu_notifier_invalidate_range_start(mm, &(page..page + 1));
    let result = action();
    mmu_notifier_invalidate_range_end(mm);
    result
}

/// A fault in a mapping whose pages stay when they are unmapped.
fn install_backing(mm: Handle<Mm>, vma: Handle<Vma>, pmd: Slot, page: u32) -> Result<(), VmFault> {
    let backing =
        vma.peek_at("backing", |vma| vma.backing.get((page - vma.start) as usize).copied());
    let frame = backing.ok_or(VmFault::Sigbus)?;
    let (entry, ptl, slot) = lock_pte(pmd, page);
    if entry == Entry::None {
        get_page(frame);
        slot.set(Entry::Page { frame, writable: true });
        count_mapping(mm, frame);
    }
    spin_unlock(ptl);
    Ok(())
}

/// Maps pages at boot, before there is anybody to race with. `false` if memory is short.
pub fn populate(vma: Handle<Vma>, page: u32) -> bool {
    if world(|w| w.zone.free_frames() <= w.zone.high.max(pgtable::PTRS as u16)) {
        return false;
    }
    install(vma, page, true).is_ok()
}
