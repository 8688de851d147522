//! ksmd: walks mergeable mappings. Merging itself is not modelled, only who looks at what, and when.
//!
//! Source: mm/ksm.c (`scan_get_next_rmap_item`) of v4.9 to v4.15.

use crate::memory::{Handle, read};
use crate::mm::vma::VmFlag;
use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop, munlock::follow_page};
use crate::page::free_pages;
use crate::scan_list::{Scanner, test_exit};
use crate::sync::rwsem::{down_read, up_read};
use crate::sync::wait::wait_for_work;
use crate::trace::{Kind, ObjectRef, enter, protocol};
use crate::world::World;

const LIST: ObjectRef = ObjectRef::sole(Kind::KsmList);

const KSMD: Scanner = Scanner { list: |w| &mut w.ksm, flag: MmFlag::VmMergeable };

/// Creates the lock, at boot.
pub fn boot(w: &mut World) {
    KSMD.boot(w, "ksm_mmlist_lock", LIST);
}

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
        for mm in KSMD.registered() {
            if KSMD.begin(mm) {
                scan(mm);
            }
        }
    }
    let _until_the_end = wait_for_work(LIST, "ksm_thread_wait", || false);
}

fn scan(mm: Handle<Mm>) {
    let _call = enter("scan_get_next_rmap_item");
    down_read(mmap_sem(mm));
    if !test_exit(mm) {
        walk(mm);
    }
    let ours = KSMD.end(mm);
    up_read(mmap_sem(mm));
    if ours {
        mmdrop(mm);
    }
}

fn walk(mm: Handle<Mm>) {
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if read(vma, "vm_flags", |vma| vma.has(VmFlag::Mergeable)) && !test_exit(mm) {
            let frames = follow_page(mm, vma.peek(|vma| vma.start));
            free_pages(&frames);
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
}
