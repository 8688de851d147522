//! Checked memory: kernel objects live in slabs and are named by handles, so that a stale access is a
//! report with three places (who allocated, who freed, who used) instead of undefined behaviour.
//!
//! An access through a [`Handle`] is checked every time. It is *not* a scheduling point by itself:
//! data that is protected by a lock needs none. Racy accesses go through [`read`] and [`fn@write`],
//! which announce themselves to the scheduler first.

mod assertion;
mod oops;
mod report;
mod slab;

pub use assertion::{Assertion, bug_on, warn_on};
pub(crate) use oops::oops;
pub use oops::{Oops, dereference};
pub use report::{LockRule, Place, Violation, report};
pub use slab::{Handle, Obituary, Slab};

use crate::sync::point::{Access, point};
use crate::sync::primitive::Primitive;
use crate::trace::{EventKind, Kind, ObjectRef, record};
use crate::world::{World, world};

/// Fields of objects, by their names. Loads commute, and so do changes that do not look, of fields that only count.
/// Who frees an object is in conflict with whoever touches anything of it.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "memory",
    accesses: &[Access::Read, Access::Write, Access::Add, Access::Free],
    commute: &[(&[Access::Read], &[Access::Read]), (&[Access::Add], &[Access::Add])],
    ..Primitive::BARE
};

/// A kind of kernel object that lives in a slab of the [`World`].
pub trait Object: Sized + 'static {
    /// The kind, as reports print it.
    const KIND: Kind;
    /// The slab that holds the objects of this kind.
    fn slab(world: &mut World) -> &mut Slab<Self>;
}

/// Allocates an object. Like a fresh `kmalloc`, this is invisible to others until it is published.
pub fn allocate<T: Object>(value: T) -> Handle<T> {
    let handle = world(|w| {
        let place = w.here();
        T::slab(w).insert(value, place)
    });
    record(handle.object(), EventKind::Allocate);
    handle
}

/// Frees an object. Freeing it twice ends the run with a report.
pub fn free<T: Object>(handle: Handle<T>) {
    point(handle.object(), Access::Free, "free", T::KIND.name());
    let freed = world(|w| {
        let place = w.here();
        T::slab(w).remove(handle, place)
    });
    match freed {
        Ok(()) => record(handle.object(), EventKind::Free),
        Err(obituary) => {
            let (allocated, freed) = *obituary;
            let used = world(|w| w.here());
            let object = handle.object();
            report(Violation::DoubleFree { object, allocated, freed, again: used })
        }
    }
}

/// A racy load of one field, announced under the field's name.
pub fn read<T: Object, R>(handle: Handle<T>, field: &'static str, f: impl FnOnce(&T) -> R) -> R {
    point(handle.object(), Access::Read, "read", field);
    let value = handle.peek_at(field, f);
    record(handle.object(), EventKind::Read);
    value
}

/// A racy store to one field, announced under the field's name.
pub fn write<T: Object>(handle: Handle<T>, field: &'static str, f: impl FnOnce(&mut T)) {
    point(handle.object(), Access::Write, "write", field);
    handle.poke_at(field, f);
    record(handle.object(), EventKind::Write);
}

impl<T: Object> Handle<T> {
    /// The object's name in events and reports.
    pub fn object(self) -> ObjectRef {
        ObjectRef { kind: T::KIND, serial: self.serial() }
    }

    /// A checked look at the object without a scheduling point, for data that a lock protects.
    pub fn peek<R>(self, f: impl FnOnce(&T) -> R) -> R {
        self.peek_at("", f)
    }

    /// [`Handle::peek`] at one field, by the name by which racy accesses to it announce themselves.
    pub fn peek_at<R>(self, field: &'static str, f: impl FnOnce(&T) -> R) -> R {
        self.access(field, Access::Read, |object| f(object))
    }

    /// A checked change of the object without a scheduling point, for data that a lock protects.
    pub fn poke<R>(self, f: impl FnOnce(&mut T) -> R) -> R {
        self.poke_at("", f)
    }

    /// [`Handle::poke`] of one field, by the name by which racy accesses to it announce themselves.
    pub fn poke_at<R>(self, field: &'static str, f: impl FnOnce(&mut T) -> R) -> R {
        self.access(field, Access::Write, f)
    }

    /// A checked look for what an operation is about to touch. Who finds that the object is gone has touched
    /// it by that.
    pub(crate) fn look<R>(self, f: impl FnOnce(&mut T) -> R) -> R {
        let result = world(|w| {
            let result = T::slab(w).get(self).map(f);
            if result.is_err() {
                w.footprint.touch(self.object(), "", Access::Read);
            }
            result
        });
        result.unwrap_or_else(|obituary| self.used_after_free(obituary.0, obituary.1))
    }

    /// A checked access that is part of an announced operation.
    pub(crate) fn access<R>(
        self,
        field: &'static str,
        access: Access,
        f: impl FnOnce(&mut T) -> R,
    ) -> R {
        let (result, is_stuck) = world(|w| {
            w.footprint.touch(self.object(), field, access);
            (T::slab(w).get(self).map(f), w.looks_again())
        });
        if is_stuck {
            oops(Oops::SoftLockup, ObjectRef::NONE);
        }
        result.unwrap_or_else(|obituary| self.used_after_free(obituary.0, obituary.1))
    }

    /// Whether the object still exists. For audits after a run, not for kernel code.
    pub fn is_live(self) -> bool {
        world(|w| T::slab(w).get(self).is_ok())
    }

    fn used_after_free(self, allocated: Place, freed: Place) -> ! {
        used_after_free(self.object(), allocated, freed)
    }
}

/// Checks that an object exists, for what lies in it and has a name of its own. Who finds that it is gone has touched it
/// by that.
pub(crate) fn check_live(object: ObjectRef) {
    if let Some(obituary) = world(|w| w.obituary(object)) {
        world(|w| w.footprint.touch(object, "", Access::Read));
        used_after_free(object, obituary.0, obituary.1);
    }
}

fn used_after_free(object: ObjectRef, allocated: Place, freed: Place) -> ! {
    let used = world(|w| w.here());
    report(Violation::UseAfterFree { object, allocated, freed, used })
}
