//! ksmd: walks mergeable mappings, page by page. Merging itself is not modelled, only who looks at what, and
//! when.
//!
//! Source: mm/ksm.c (`scan_get_next_rmap_item`, `__ksm_exit`) of v4.9 to v4.15. `mmap_sem` is dropped for each
//! page that is found. What it leaves behind for pages that it has seen (`rmap_items`) is left out; with them
//! the exit path would wait for the lock, too, and leave the address space to ksmd's next pass.

use crate::memory::{Handle, read};
use crate::mm::follow_page::follow_page;
use crate::mm::vma::{VmFlag, Vma, find_vma_from};
use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop};
use crate::page::{Frame, free_pages};
use crate::scan_list::{Scanner, test_exit};
use crate::sync::bits::clear_bit;
use crate::sync::daemon::Daemon;
use crate::sync::rwsem::{down_read, up_read};
use crate::sync::wait::wait_for_work;
use crate::trace::{Kind, ObjectRef, enter, protocol};

const LIST: ObjectRef = ObjectRef::sole(Kind::KsmList);

const KSMD: Scanner = Scanner { list: |w| &mut w.ksm, flag: MmFlag::VmMergeable };

/// The thread.
pub const DAEMON: Daemon = Daemon {
    boot: |w| KSMD.boot(w, "ksm_mmlist_lock", LIST),
    has_work: Some(|w| !w.ksm.registered().is_empty()),
    ..Daemon::new("ksmd", |_| ksmd())
};

/// `__ksm_enter`: registers an address space.
pub fn ksm_enter(mm: Handle<Mm>) {
    KSMD.enter(mm);
}

/// `ksm_exit`: the handshake of a dying address space.
pub fn ksm_exit(mm: Handle<Mm>) {
    if KSMD.knows(mm) {
        let _call = protocol("__ksm_exit", mm.object());
        KSMD.exit(mm);
    }
}

/// The thread: two passes over what is registered, then it waits for more to do.
pub fn ksmd() {
    let _call = protocol("ksmd", LIST);
    for _pass in 0..2 {
        let mut address = 0;
        while let Some(frames) = scan_get_next_rmap_item(&mut address) {
            free_pages(&frames);
        }
    }
    let _until_the_end = wait_for_work(LIST, "ksm_thread_wait", || false);
}

/// The next page, which is held; none at the end of the list. `address` is where the scan is.
fn scan_get_next_rmap_item(address: &mut u32) -> Option<Vec<Frame>> {
    let _call = enter("scan_get_next_rmap_item");
    if KSMD.cursor().is_none() {
        KSMD.lock();
        KSMD.start();
        KSMD.unlock();
        *address = 0;
    }
    while let Some(mm) = KSMD.cursor() {
        down_read(mmap_sem(mm));
        if let Some(frames) = next_page(mm, address) {
            up_read(mmap_sem(mm));
            return Some(frames);
        }
        next_mm(mm, *address);
        *address = 0;
    }
    None
}

/// The next page of an address space with mergeable mappings.
fn next_page(mm: Handle<Mm>, address: &mut u32) -> Option<Vec<Frame>> {
    let mut next = if test_exit(mm) { None } else { find_vma_from(mm, *address) };
    while let Some(vma) = next {
        if read(vma, "vm_flags", |vma| vma.has(VmFlag::Mergeable)) {
            let found = next_page_of(mm, vma, address);
            if found.is_some() {
                return found;
            }
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
    None
}

fn next_page_of(mm: Handle<Mm>, vma: Handle<Vma>, address: &mut u32) -> Option<Vec<Frame>> {
    let (start, end) = vma.peek(|vma| (vma.start, vma.end));
    *address = start.max(*address);
    while *address < end && !test_exit(mm) {
        let frames = follow_page(mm, *address);
        *address += 1;
        if !frames.is_empty() {
            return Some(frames);
        }
    }
    None
}

/// Leaves an address space for the next. One that is dying, or in which nothing was mergeable, goes off the
/// list. Otherwise `mmap_sem` is released before the list's lock, for with that lock the address space may go
/// (7496fea9a6bf).
fn next_mm(mm: Handle<Mm>, address: u32) {
    let done_with = test_exit(mm) || address == 0;
    KSMD.lock();
    KSMD.advance(mm);
    if !done_with {
        up_read(mmap_sem(mm));
        KSMD.unlock();
        return;
    }
    KSMD.remove(mm);
    KSMD.unlock();
    clear_bit(mm, KSMD.flag);
    up_read(mmap_sem(mm));
    mmdrop(mm);
}
