//! Primitives: by which accesses each touches what it is about, and which of those commute.
//!
//! Two accesses by different threads commute if nobody can see in which order they were: neither thread by what it
//! gets, nor anybody by what is left. Each primitive declares that beside its code, and this is the list of all. A
//! pair that is not declared is in conflict, which is never wrong, only slow: proofs have both orders then.
//!
//! An access means the same whoever makes it, so one table answers for all. A primitive that makes both of a pair and
//! does not declare what another one does is an error of the build; `harness/tests/primitives.rs` performs what is
//! declared in both orders.

use crate::sync::point::Access;

/// What a primitive declares.
#[derive(Clone, Copy, Debug)]
pub struct Primitive {
    /// What it is called.
    pub name: &'static str,
    /// How it touches what it is about.
    pub accesses: &'static [Access],
    /// What commutes: each access on the left with each on the right.
    pub commute: &'static [(&'static [Access], &'static [Access])],
    /// The verbs by which tasks come to an agreement, so that their order explains something.
    pub agree: &'static [&'static str],
    /// The verbs of those who give up waiting for a lock when a fatal signal arrives.
    pub killable: &'static [&'static str],
}

impl Primitive {
    /// One that declares nothing.
    pub(crate) const BARE: Primitive =
        Primitive { name: "", accesses: &[], commute: &[], agree: &[], killable: &[] };
}

/// Each primitive once.
pub const PRIMITIVES: &[Primitive] = &[
    crate::memory::PRIMITIVE,
    super::atomic::PRIMITIVE,
    super::bits::PRIMITIVE,
    super::mutex::PRIMITIVE,
    super::rwlock::PRIMITIVE,
    super::rwsem::PRIMITIVE,
    super::spinlock::PRIMITIVE,
    super::srcu::PRIMITIVE,
    super::thread::PRIMITIVE,
    super::time::PRIMITIVE,
    super::wait::PRIMITIVE,
];

/// Whether accesses of one thing by different threads commute.
#[inline]
pub const fn commute(a: Access, b: Access) -> bool {
    COMMUTE[a as usize] >> b as u32 & 1 == 1
}

/// Whether tasks come to an agreement by the verb.
pub fn is_agreement(verb: &str) -> bool {
    PRIMITIVES.iter().any(|primitive| primitive.agree.contains(&verb))
}

/// Whether a fatal signal ends the wait for a lock.
pub fn is_killable(verb: &str) -> bool {
    PRIMITIVES.iter().any(|primitive| primitive.killable.contains(&verb))
}

/// For each access a bit for each that it commutes with.
const COMMUTE: Table = {
    let mut table = [0; Access::COUNT];
    let mut n = 0;
    while n < PRIMITIVES.len() {
        table = with(table, &PRIMITIVES[n]);
        n += 1;
    }
    table
};

type Table = [u32; Access::COUNT];

/// The table with what the primitive declares. Constants know no `for`.
const fn with(mut table: Table, primitive: &Primitive) -> Table {
    let mut n = 0;
    while n < primitive.commute.len() {
        let (left, right) = primitive.commute[n];
        let mut pair = 0;
        while pair < left.len() * right.len() {
            let a = left[pair / right.len()] as usize;
            let b = right[pair % right.len()] as usize;
            table[a] |= 1 << b;
            table[b] |= 1 << a;
            pair += 1;
        }
        n += 1;
    }
    table
}

/// Whether the primitive declares of its accesses what the table says of them.
const fn agrees(primitive: &Primitive) -> bool {
    let (own, mut all) = (with([0; Access::COUNT], primitive), 0);
    let mut n = 0;
    while n < primitive.accesses.len() {
        all |= 1 << primitive.accesses[n] as usize;
        n += 1;
    }
    let mut n = 0;
    while n < primitive.accesses.len() {
        let code = primitive.accesses[n] as usize;
        if own[code] & all != COMMUTE[code] & all {
            return false;
        }
        n += 1;
    }
    true
}

const _: () = {
    let mut n = 0;
    while n < PRIMITIVES.len() {
        assert!(agrees(&PRIMITIVES[n]), "two primitives declare different things of one pair");
        n += 1;
    }
};
