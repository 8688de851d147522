//! A slab with a quarantine: an object that was freed stays as it was, and is never replaced in the
//! same run.
//!
//! So a stale handle cannot reach somebody else's object, and every report names the right one. The
//! serial number in a handle counts the objects of one kind in one run; it is also the name that
//! reports print (`mm#1`). Runs are short, so the memory this costs is small and used again.

use super::report::Place;
use std::fmt;
use std::marker::PhantomData;

/// Names one object of a slab; a plain value, like a kernel pointer.
pub struct Handle<T> {
    serial: u32,
    kind: PhantomData<fn() -> T>,
}

/// Objects of one kind.
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
}

struct Slot<T> {
    value: T,
    allocated: Place,
    freed: Option<Place>,
}

/// Where a dead object was allocated and freed. Rare and large, therefore boxed.
pub type Obituary = Box<(Place, Place)>;

impl<T> Slab<T> {
    /// An empty slab.
    pub const fn new() -> Self {
        Slab { slots: Vec::new() }
    }

    /// Forgets every object, and keeps the storage for the next run.
    pub fn reset(&mut self) {
        let Slab { slots } = self;
        slots.clear();
    }

    /// Adds an object.
    pub fn insert(&mut self, value: T, allocated: Place) -> Handle<T> {
        self.slots.push(Slot { value, allocated, freed: None });
        Handle::new(self.slots.len() as u32)
    }

    /// Frees the object, or says where it was allocated and freed before.
    pub fn remove(&mut self, handle: Handle<T>, place: Place) -> Result<(), Obituary> {
        let slot = &mut self.slots[handle.index()];
        match slot.freed {
            Some(freed) => Err(Box::new((slot.allocated, freed))),
            None => {
                slot.freed = Some(place);
                Ok(())
            }
        }
    }

    /// The object, or where it was allocated and freed.
    pub fn get(&mut self, handle: Handle<T>) -> Result<&mut T, Obituary> {
        let slot = &mut self.slots[handle.index()];
        match slot.freed {
            Some(freed) => Err(Box::new((slot.allocated, freed))),
            None => Ok(&mut slot.value),
        }
    }

    /// Where the object with the number was allocated and freed, if it was freed. Number 0 is all of a kind
    /// together, which stays.
    pub fn obituary(&self, serial: u32) -> Option<Obituary> {
        let slot = &self.slots[(serial as usize).checked_sub(1)?];
        slot.freed.map(|freed| Box::new((slot.allocated, freed)))
    }

    /// The objects that exist, oldest first.
    pub fn live(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        self.all().zip(&self.slots).filter(|(_, slot)| slot.freed.is_none()).map(|(live, _)| live)
    }

    /// Every object of the run, oldest first; those that were freed are as they were then. For
    /// explaining a run afterwards, not for kernel code.
    pub fn all(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        (1..).zip(&self.slots).map(|(serial, slot)| (Handle::new(serial), &slot.value))
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Handle<T> {
    const fn new(serial: u32) -> Self {
        Handle { serial, kind: PhantomData }
    }

    fn index(self) -> usize {
        self.serial as usize - 1
    }

    /// The number of the object among those of its kind, from 1.
    pub fn serial(self) -> u32 {
        self.serial
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl<T> Eq for Handle<T> {}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.serial)
    }
}
