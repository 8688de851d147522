//! Lists of address spaces that a scanner holds by count only, and the handshake that keeps the scanner off
//! dying ones.
//!
//! ksmd and khugepaged share the pattern, and the seed of the reaper's protocol took it from them: whenever
//! the scanner takes `mmap_sem`, it looks whether there are users left ([`test_exit`]); the exit path, whose
//! users are gone, takes the lock once for writing if the scanner is at its address space. How a scanner moves
//! on, and who then drops the reference, is its own affair. Source: `__ksm_exit` in mm/ksm.c and
//! `__khugepaged_exit` in mm/khugepaged.c of v4.9 to v4.15.

use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmap_sem, mmdrop, mmgrab};
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{clear_bit, set_bit, test_bit};
use crate::sync::lock::LockKind;
use crate::sync::point::Access;
use crate::sync::rwsem::{down_write, up_write};
use crate::sync::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::trace::ObjectRef;
use crate::trace::noun::MM_USERS;
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
        let ScanList { slots, cursor, lock } = self;
        slots.clear();
        (*cursor, *lock) = (None, None);
    }

    /// Address spaces that are registered.
    pub fn registered(&self) -> &[Handle<Mm>] {
        &self.slots
    }

    fn remove(&mut self, mm: Handle<Mm>) {
        self.slots.retain(|&slot| slot != mm);
    }

    /// The address space behind this one.
    fn after(&self, mm: Handle<Mm>) -> Option<Handle<Mm>> {
        let slots = self.slots.iter().skip_while(|&&slot| slot != mm);
        slots.copied().nth(1)
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

/// The address spaces of a list.
const SLOTS: &str = "slots";

/// Where the scanner is, which only the scanner changes.
const CURSOR: &str = "cursor";

/// What the exit path found.
enum Slot {
    /// Nothing: the scanner has noticed already.
    Gone,
    /// The address space, which is off the list now.
    Free,
    /// The address space, with the scanner at work on it.
    Busy,
}

impl Scanner {
    /// Creates the list's lock, at boot.
    pub fn boot(self, w: &mut World, class: &'static str, object: ObjectRef) {
        let lock = w.locks.add(class, object);
        (self.list)(w).lock = Some(lock);
    }

    /// Registers an address space, and holds it by count.
    pub fn enter(self, mm: Handle<Mm>) {
        if !test_bit(mm, self.flag) {
            self.look(Access::Write, Access::Read, |list| list.slots.push(mm));
            set_bit(mm, self.flag);
            mmgrab(mm);
        }
    }

    /// Takes a dying address space off the list, or waits until the scanner has let go of it.
    pub fn exit(self, mm: Handle<Mm>) {
        self.lock();
        let slot = self.look(Access::Write, Access::Read, |list| {
            if !list.slots.contains(&mm) {
                return Slot::Gone;
            }
            if list.cursor == Some(mm) {
                return Slot::Busy;
            }
            list.remove(mm);
            Slot::Free
        });
        self.unlock();
        match slot {
            Slot::Gone => {}
            Slot::Free => {
                clear_bit(mm, self.flag);
                mmdrop(mm);
            }
            Slot::Busy => {
                down_write(mmap_sem(mm));
                up_write(mmap_sem(mm));
            }
        }
    }

    /// Whether an address space is registered at all.
    pub fn knows(self, mm: Handle<Mm>) -> bool {
        test_bit(mm, self.flag)
    }

    /// The address space that the scanner is at. Only the scanner moves on.
    pub fn cursor(self) -> Option<Handle<Mm>> {
        self.touch(CURSOR, Access::Read, |list| list.cursor)
    }

    /// The scanner goes to the first address space, if it is at none. It holds the lock.
    pub fn start(self) -> Option<Handle<Mm>> {
        self.look(Access::Read, Access::Write, |list| {
            list.cursor = list.cursor.or(list.slots.first().copied());
            list.cursor
        })
    }

    /// The scanner goes from an address space to the next. It holds the lock.
    pub fn advance(self, mm: Handle<Mm>) {
        self.look(Access::Read, Access::Write, |list| list.cursor = list.after(mm));
    }

    /// The scanner takes an address space off the list, and owns the reference on it from now on. It holds
    /// the lock.
    pub fn remove(self, mm: Handle<Mm>) {
        self.touch(SLOTS, Access::Write, |list| list.remove(mm));
    }

    /// Takes the list's lock.
    pub fn lock(self) {
        spin_lock(self.spinlock());
    }

    /// Releases the list's lock.
    pub fn unlock(self) {
        spin_unlock(self.spinlock());
    }

    fn spinlock(self) -> SpinLock {
        world(|w| (self.list)(w).lock.expect("the machine has booted"))
    }

    /// Looks at both, the list and where the scanner is.
    fn look<R>(self, slots: Access, cursor: Access, f: impl FnOnce(&mut ScanList) -> R) -> R {
        self.touch(SLOTS, slots, |_| ());
        self.touch(CURSOR, cursor, f)
    }

    fn touch<R>(self, noun: &'static str, access: Access, f: impl FnOnce(&mut ScanList) -> R) -> R {
        world(|w| {
            let lock = (self.list)(w).lock.expect("the machine has booted");
            let object = w.locks.get(lock.id()).object;
            w.footprint.touch(object, noun, access);
            f((self.list)(w))
        })
    }
}

/// `ksm_test_exit`, `khugepaged_test_exit`: whether the users are gone.
pub fn test_exit(mm: Handle<Mm>) -> bool {
    atomic_read(mm, MM_USERS, |mm| &mut mm.users) == 0
}
