//! Pairs of names. Each pair exists once in the process, so that a pair is copied and compared as a
//! pointer, however often its names are.
//!
//! Names are constants of this crate and of whoever uses it, so there are a few hundred pairs. A pair is
//! found by the places of its names first, which every OS thread remembers for itself, and by the
//! names only if an address is new. Nothing may depend on an address: [`Pair::hash`] is made of the names.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Two names that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair(&'static Names);

#[derive(Debug)]
struct Names {
    first: &'static str,
    second: &'static str,
    hash: u32,
    second_hash: u32,
}

static EMPTY: Names = Names::new("", "");

impl Names {
    const fn new(first: &'static str, second: &'static str) -> Self {
        let second_hash = fnv(BASIS, second.as_bytes());
        Names { first, second, hash: hash(first, second), second_hash }
    }
}

static ALL: Mutex<BTreeMap<[&str; 2], Pair>> = Mutex::new(BTreeMap::new());

impl Pair {
    /// No names.
    pub const EMPTY: Pair = Pair(&EMPTY);

    /// The pair of these names.
    pub fn of(first: &'static str, second: &'static str) -> Self {
        if first.is_empty() && second.is_empty() {
            return Self::EMPTY;
        }
        // A thread that panics here leaves nothing half done.
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry([first, second])
            .or_insert_with(|| Pair(Box::leak(Box::new(Names::new(first, second)))))
    }

    pub const fn first(self) -> &'static str {
        self.0.first
    }

    pub const fn second(self) -> &'static str {
        self.0.second
    }

    /// A hash of the second name: the same in every process.
    pub const fn second_hash(self) -> u32 {
        self.0.second_hash
    }

    /// A hash of the names: the same in every process.
    pub const fn hash(self) -> u32 {
        self.0.hash
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Pair {}

impl Default for Pair {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Where FNV-1a begins.
const BASIS: u32 = 0x811c_9dc5;

/// FNV-1a, with a byte between the names that is in neither.
const fn hash(first: &str, second: &str) -> u32 {
    let between = fnv(BASIS, first.as_bytes());
    fnv(fnv(between, &[0xff]), second.as_bytes())
}

const fn fnv(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// The pairs that one OS thread has met lately, by the addresses of their names: a hash table with open
/// addressing that begins anew when it is half full. Every scheduling point looks into it.
pub(crate) struct KnownPairs {
    slots: Box<[Option<Known>]>,
    used: usize,
}

/// Five times as many as the model has pairs.
const SLOTS: usize = 1024;

/// A pair by where its names are. Aligned, so that it is never in two cache lines.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Known {
    key: Key,
    pair: Pair,
}

/// Where names are, and both lengths.
type Key = (usize, usize, u32);

fn key(first: &str, second: &str) -> Key {
    (place_of(first), place_of(second), (first.len() << 16 | second.len()) as u32)
}

/// Where a name is in the program: how far from [`EMPTY`], which is the same in every process, wherever the
/// program was loaded. So it is the same which pairs collide, and so what libFuzzer sees of the search.
/// The compiler puts an empty name at no place of the program.
fn place_of(name: &str) -> usize {
    let distance = name.as_ptr().addr().wrapping_sub((&raw const EMPTY).addr());
    if name.is_empty() { 0 } else { distance }
}

impl KnownPairs {
    /// None so far.
    pub fn new() -> Self {
        KnownPairs { slots: vec![None; SLOTS].into_boxed_slice(), used: 0 }
    }

    /// The pair of these names.
    #[inline]
    pub fn pair(&mut self, first: &'static str, second: &'static str) -> Pair {
        let key = key(first, second);
        match self.slots[place(key)] {
            Some(known) if known.key == key => known.pair,
            _ => self.search(key, first, second),
        }
    }

    #[inline(never)]
    fn search(&mut self, key: Key, first: &'static str, second: &'static str) -> Pair {
        let mut place = place(key);
        while let Some(known) = self.slots[place] {
            if known.key == key {
                return known.pair;
            }
            place = (place + 1) % SLOTS;
        }
        let pair = Pair::of(first, second);
        self.slots[place] = Some(Known { key, pair });
        self.used += 1;
        if self.used > SLOTS / 2 {
            self.slots.fill(None);
            self.used = 0;
        }
        pair
    }
}

/// Where to begin to look for the names.
fn place(key: Key) -> usize {
    // Fibonacci hashing: the upper half of the product depends on all bits of the addresses.
    let address = key.0.rotate_left(20) ^ key.1;
    ((address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % SLOTS
}
