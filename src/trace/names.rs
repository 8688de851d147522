//! Pairs of names. Each pair exists once in the process, so that a pair is copied and compared as a
//! pointer, however often its names are.
//!
//! Names are constants of this crate and of whoever uses it, so there are a few hundred pairs. A pair is
//! found by the addresses of its names first, which every OS thread remembers for itself, and by the
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
}

static EMPTY: Names = Names { first: "", second: "", hash: hash("", "") };

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
        let hash = hash(first, second);
        *all.entry([first, second])
            .or_insert_with(|| Pair(Box::leak(Box::new(Names { first, second, hash }))))
    }

    pub const fn first(self) -> &'static str {
        self.0.first
    }

    pub const fn second(self) -> &'static str {
        self.0.second
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

/// FNV-1a, with a byte between the names that is in neither.
const fn hash(first: &str, second: &str) -> u32 {
    let between = fnv(0x811c_9dc5, first.as_bytes());
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

/// The pairs that one OS thread has met, by the addresses of their names: a hash table with open
/// addressing. Every scheduling point looks into it.
pub(crate) struct KnownPairs {
    /// A power of two of them.
    slots: Vec<Option<Known>>,
    used: usize,
}

type Known = (&'static str, &'static str, Pair);

impl KnownPairs {
    /// None so far. The model has about 200 pairs.
    pub fn new() -> Self {
        KnownPairs { slots: vec![None; 1024], used: 0 }
    }

    /// The pair of these names.
    pub fn pair(&mut self, first: &'static str, second: &'static str) -> Pair {
        let mut place = self.place(first, second);
        loop {
            match self.slots[place] {
                Some((a, b, pair)) if std::ptr::eq(a, first) && std::ptr::eq(b, second) => {
                    return pair;
                }
                Some(_) => place = (place + 1) & (self.slots.len() - 1),
                None => return self.insert(place, (first, second, Pair::of(first, second))),
            }
        }
    }

    /// Where to begin to look for them.
    fn place(&self, first: &str, second: &str) -> usize {
        let address = first.as_ptr().addr().rotate_left(20) ^ second.as_ptr().addr();
        // Fibonacci hashing: the upper half of the product depends on all bits of the address.
        ((address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
            & (self.slots.len() - 1)
    }

    #[cold]
    fn insert(&mut self, place: usize, known: Known) -> Pair {
        self.slots[place] = Some(known);
        self.used += 1;
        if self.used > self.slots.len() / 2 {
            let slots = vec![None; 2 * self.slots.len()];
            let all = std::mem::replace(&mut self.slots, slots);
            self.used = 0;
            for (first, second, _) in all.into_iter().flatten() {
                self.pair(first, second);
            }
        }
        known.2
    }
}
