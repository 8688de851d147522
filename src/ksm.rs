//! ksmd: walks address spaces that it holds by count only, and the handshake that keeps it off dying ones.
//!
//! Source: mm/ksm.c (`ksm_exit`, `scan_get_next_rmap_item`) of v4.9 to v4.15. Every time ksmd takes
//! `mmap_sem` it looks whether there are users left; the exit path takes the lock once for writing after
//! the users are gone. Merging itself is not modelled.

use crate::memory::{Handle, read};
use crate::mm::vma::VmFlag;
use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop, mmgrab, munlock::follow_page};
use crate::page::free_pages;
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{clear_bit, set_bit, test_bit};
use crate::sync::lock::Family;
use crate::sync::rwsem::{down_read, down_write, up_read, up_write};
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::sync::wait::wait_for_work;
use crate::trace::{Kind, ObjectRef, enter, protocol};
use crate::world::{World, world};

/// ksmd's list: address spaces, and the one that it is working on.
#[derive(Debug, Default)]
pub struct KsmList {
    slots: Vec<Handle<Mm>>,
    cursor: Option<Handle<Mm>>,
    lock: Option<SpinLock>,
}

impl KsmList {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.slots.clear();
        (self.cursor, self.lock) = (None, None);
    }

    /// Address spaces that are registered.
    pub fn registered(&self) -> &[Handle<Mm>] {
        &self.slots
    }

    fn lock(&self) -> SpinLock {
        self.lock.expect("the machine has booted")
    }
}

const LIST: ObjectRef = ObjectRef::sole(Kind::KsmList);

/// Creates the lock, at boot.
pub fn boot(w: &mut World) {
    let lock = w.locks.add("ksm_mmlist_lock", Family::Spinning);
    w.locks.own(lock, LIST);
    w.ksm.lock = Some(SpinLock(lock));
}

/// `__ksm_enter`: registers an address space.
pub fn ksm_enter(mm: Handle<Mm>) {
    if !test_bit(mm, MmFlag::VmMergeable) {
        world(|w| w.ksm.slots.push(mm));
        set_bit(mm, MmFlag::VmMergeable);
        mmgrab(mm);
    }
}

/// `ksm_exit`: takes the address space off the list, or waits until ksmd has let go of it.
pub fn ksm_exit(mm: Handle<Mm>) {
    if !test_bit(mm, MmFlag::VmMergeable) {
        return;
    }
    let _call = protocol("__ksm_exit", mm.object());
    let easy = with_list(|list| list.cursor != Some(mm) && list.remove(mm));
    if easy {
        clear_bit(mm, MmFlag::VmMergeable);
        mmdrop(mm);
    } else {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
}

impl KsmList {
    fn remove(&mut self, mm: Handle<Mm>) -> bool {
        let registered = self.slots.contains(&mm);
        self.slots.retain(|&slot| slot != mm);
        registered
    }
}

fn with_list<R>(f: impl FnOnce(&mut KsmList) -> R) -> R {
    let lock = world(|w| w.ksm.lock());
    spin_lock(lock);
    let result = world(|w| f(&mut w.ksm));
    spin_unlock(lock);
    result
}

/// The thread: two passes over what is registered, then it waits for more to do.
pub fn ksmd() {
    let _call = protocol("ksmd", LIST);
    for _pass in 0..2 {
        for mm in world(|w| w.ksm.slots.clone()) {
            if with_list(|list| list.advance(mm)) {
                scan(mm);
            }
        }
    }
    let _until_the_end = wait_for_work(LIST, "ksm_thread_wait", || false);
}

impl KsmList {
    /// Puts the cursor on an address space if it is still registered.
    fn advance(&mut self, mm: Handle<Mm>) -> bool {
        let registered = self.slots.contains(&mm);
        self.cursor = registered.then_some(mm);
        registered
    }
}

fn ksm_test_exit(mm: Handle<Mm>) -> bool {
    atomic_read(mm, "mm_users", |mm| &mut mm.users) == 0
}

fn scan(mm: Handle<Mm>) {
    let _call = enter("scan_get_next_rmap_item");
    down_read(mmap_sem(mm));
    if !ksm_test_exit(mm) {
        walk(mm);
    }
    let gone = ksm_test_exit(mm);
    let ours = with_list(|list| {
        list.cursor = None;
        gone && list.remove(mm)
    });
    if ours {
        clear_bit(mm, MmFlag::VmMergeable);
        up_read(mmap_sem(mm));
        mmdrop(mm);
    } else {
        up_read(mmap_sem(mm));
    }
}

fn walk(mm: Handle<Mm>) {
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if read(vma, "vm_flags", |vma| vma.has(VmFlag::Mergeable)) && !ksm_test_exit(mm) {
            let frames = follow_page(mm, vma.peek(|vma| vma.start));
            free_pages(&frames);
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
}
