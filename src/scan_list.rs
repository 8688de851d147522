//! Lists of address spaces that a scanner holds by count only, and the handshake that keeps the scanner off
//! dying ones.
//!
//! ksmd and khugepaged share the pattern, and the seed of the reaper's protocol took it from them: whenever
//! the scanner takes `mmap_sem`, it looks whether there are users left ([`test_exit`]); the exit path, whose
//! users are gone, takes the lock once for writing. Source: `ksm_exit` in mm/ksm.c and `khugepaged_exit` in
//! mm/khugepaged.c of v4.9 to v4.15.

use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop, mmgrab};
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{clear_bit, set_bit, test_bit};
use crate::sync::lock::Family;
use crate::sync::point::Access;
use crate::sync::rwsem::{down_write, up_write};
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::trace::ObjectRef;
use crate::world::{World, world};

/// A scanner's list: address spaces, and the one that it is working on.
#[derive(Debug, Default)]
pub struct ScanList {
    slots: Vec<Handle<Mm>>,
    cursor: Option<Handle<Mm>>,
    lock: Option<SpinLock>,
}

impl ScanList {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.slots.clear();
        (self.cursor, self.lock) = (None, None);
    }

    /// Address spaces that are registered.
    pub fn registered(&self) -> &[Handle<Mm>] {
        &self.slots
    }

    fn remove(&mut self, mm: Handle<Mm>) -> bool {
        let registered = self.slots.contains(&mm);
        self.slots.retain(|&slot| slot != mm);
        registered
    }
}

/// A scanner: where its list is, and the flag that says that an address space is on it.
#[derive(Clone, Copy)]
pub struct Scanner {
    /// The list.
    pub list: fn(&mut World) -> &mut ScanList,
    /// The flag.
    pub flag: MmFlag,
}

impl Scanner {
    /// Creates the list's lock, at boot.
    pub fn boot(self, w: &mut World, class: &'static str, object: ObjectRef) {
        let lock = w.locks.add(class, Family::Spinning);
        w.locks.own(lock, object);
        (self.list)(w).lock = Some(SpinLock(lock));
    }

    /// Registers an address space, and holds it by count.
    pub fn enter(self, mm: Handle<Mm>) {
        if !test_bit(mm, self.flag) {
            self.look(Access::Write, |list| list.slots.push(mm));
            set_bit(mm, self.flag);
            mmgrab(mm);
        }
    }

    /// Takes a dying address space off the list, or waits until the scanner has let go of it.
    pub fn exit(self, mm: Handle<Mm>) {
        if self.with(|list| list.cursor != Some(mm) && list.remove(mm)) {
            clear_bit(mm, self.flag);
            mmdrop(mm);
        } else {
            down_write(mmap_sem(mm));
            up_write(mmap_sem(mm));
        }
    }

    /// Whether an address space is registered at all.
    pub fn knows(self, mm: Handle<Mm>) -> bool {
        test_bit(mm, self.flag)
    }

    /// What is registered now.
    pub fn registered(self) -> Vec<Handle<Mm>> {
        self.look(Access::Read, |list| list.slots.clone())
    }

    /// The scanner begins to work on an address space, if it is still registered.
    pub fn begin(self, mm: Handle<Mm>) -> bool {
        self.with(|list| {
            list.cursor = list.slots.contains(&mm).then_some(mm);
            list.cursor.is_some()
        })
    }

    /// The scanner is done with an address space. Whether it was dying, and the scanner has taken it off
    /// the list and now owns the reference on it.
    pub fn end(self, mm: Handle<Mm>) -> bool {
        let dying = test_exit(mm);
        let ours = self.with(|list| {
            list.cursor = None;
            dying && list.remove(mm)
        });
        if ours {
            clear_bit(mm, self.flag);
        }
        ours
    }

    fn look<R>(self, access: Access, f: impl FnOnce(&mut ScanList) -> R) -> R {
        world(|w| {
            let lock = (self.list)(w).lock.expect("the machine has booted");
            let object = w.locks.get(lock.0).object;
            w.footprint.touch(object, "slots", access);
            f((self.list)(w))
        })
    }

    fn with<R>(self, f: impl FnOnce(&mut ScanList) -> R) -> R {
        let lock = world(|w| (self.list)(w).lock.expect("the machine has booted"));
        spin_lock(lock);
        let result = self.look(Access::Write, f);
        spin_unlock(lock);
        result
    }
}

/// `ksm_test_exit`, `khugepaged_test_exit`: whether the users are gone.
pub fn test_exit(mm: Handle<Mm>) -> bool {
    atomic_read(mm, "mm_users", |mm| &mut mm.users) == 0
}
