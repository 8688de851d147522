//! What runs leave behind, for the next ones: worlds and notes are large, and are not made anew for each run.

use crate::schedule::watch::Notes;
use mmreap::world::World;
use std::cell::RefCell;
use std::rc::Rc;

/// What a run needs besides its case, its revision and its schedule.
#[derive(Default)]
pub(super) struct Parts {
    /// Where it happens.
    pub world: Box<World>,
    /// Its steps, if somebody watches.
    pub notes: Notes,
}

/// Parts that nobody has.
#[derive(Clone, Default)]
pub(super) struct Pool(Rc<RefCell<Vec<Parts>>>);

impl Pool {
    /// Those that were given back last, so that one run after the other finds the same ones in the cache.
    pub fn lend(&self) -> Lent {
        let mut parts = self.0.borrow_mut().pop().unwrap_or_default();
        parts.notes.clear();
        Lent { parts: Some(parts), pool: self.clone() }
    }
}

/// Parts of one run. They go back when it is dropped.
pub(super) struct Lent {
    parts: Option<Parts>,
    pool: Pool,
}

impl Lent {
    pub fn parts(&self) -> &Parts {
        self.parts.as_ref().expect(HAS)
    }

    pub fn parts_mut(&mut self) -> &mut Parts {
        self.parts.as_mut().expect(HAS)
    }
}

const HAS: &str = "it has them until it is dropped";

impl Drop for Lent {
    fn drop(&mut self) {
        self.pool.0.borrow_mut().extend(self.parts.take());
    }
}
