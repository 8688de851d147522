//! The pilot: one run of a case, of which others are estimated.
//!
//! PCT has to know how long a run is, and selective sampling how often each thread touches what. Guesses
//! from whatever ran before would make a replay depend on them. The pilot is always the same run,
//! [`PILOT`], so what is learnt from it follows from the case and the revision. It keeps to the case's
//! segments as every run does, and counts only the decisions that they leave open, because the others are
//! not up to a strategy. Campaigns make it the first run of each case, which then costs nothing.

use super::Strategy;
use super::conflict::{only_reads, same};
use super::pos::{POS, Pos};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::point::{Access, Op};
use mmreap::sync::thread::Tid;
use mmreap::trace::Kind;
use std::cell::OnceCell;
use std::rc::Rc;

/// The seed of the pilot.
const SEED: u64 = 0;

/// The strategy of the pilot. Its threads meet, so that locks are waited for and what happens only in
/// races happens; one thread after the other would show less.
pub const PILOT: Strategy = POS.of(&[SEED]);

/// What was seen of a run, and is expected of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    /// Decisions between at least two threads.
    pub decisions: usize,
    /// What at least two threads touched, at least one of them not only reading; in the order in which it
    /// was first touched.
    pub contested: Vec<Thing>,
}

/// Something that operations touch, in all objects of a kind: a field, a flag, a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// The kind of object.
    pub kind: Kind,
    /// The noun of the operations.
    pub noun: &'static str,
    /// How often each thread touched it, by number.
    pub touches: Vec<u32>,
}

impl Thing {
    fn touched_by(&mut self, thread: Tid) {
        let length = self.touches.len().max(thread.index() + 1);
        self.touches.resize(length, 0);
        self.touches[thread.index()] += 1;
    }

    /// Whether an operation touches it. Freeing touches everything of an object.
    pub fn is_touched_by(&self, op: &Op) -> bool {
        op.object.kind == self.kind
            && (op.access == Access::Free || same(op.site.noun(), self.noun))
    }
}

/// Runs as [`PILOT`] does, and remembers what ran.
#[derive(Debug)]
pub struct Pilot {
    pos: Pos,
    decisions: usize,
    ran: Vec<(Tid, Op)>,
    estimates: OnceCell<Rc<Estimates>>,
}

impl Pilot {
    /// A pilot that has not begun.
    pub fn new() -> Self {
        Pilot { pos: Pos::new(SEED), decisions: 0, ran: Vec::new(), estimates: OnceCell::new() }
    }

    /// What it saw. Most cases are left before a strategy asks, so it is put together for the first who does.
    pub fn estimates(&self) -> Rc<Estimates> {
        self.estimates.get_or_init(|| Rc::new(self.estimate())).clone()
    }

    fn estimate(&self) -> Estimates {
        let mut things = Things::default();
        for (_, op) in self.ran.iter().filter(|(_, op)| op.access != Access::Start) {
            things.find(op);
        }
        for (thread, op) in &self.ran {
            things.count(*thread, op);
        }
        Estimates { decisions: self.decisions, contested: things.contested() }
    }
}

/// What operations touched, in the order in which it was first touched.
#[derive(Default)]
struct Things {
    things: Vec<Thing>,
    /// Whether somebody changed it.
    changed: Vec<bool>,
}

impl Things {
    /// Makes sure that what the operation is named after is there.
    fn find(&mut self, op: &Op) {
        let (kind, noun) = (op.object.kind, op.site.noun());
        if !self.things.iter().any(|thing| thing.kind == kind && same(thing.noun, noun)) {
            self.things.push(Thing { kind, noun, touches: Vec::new() });
            self.changed.push(false);
        }
    }

    fn count(&mut self, thread: Tid, op: &Op) {
        let changes = !only_reads(op.access);
        let things = self.things.iter_mut().zip(&mut self.changed);
        for (thing, changed) in things.filter(|(thing, _)| thing.is_touched_by(op)) {
            thing.touched_by(thread);
            *changed |= changes;
        }
    }

    /// What more than one thread touched, and not all of them only to read.
    fn contested(self) -> Vec<Thing> {
        let all = self.things.into_iter().zip(self.changed);
        let changed = all.filter(|(_, changed)| *changed).map(|(thing, _)| thing);
        changed
            .filter(|thing| thing.touches.iter().filter(|&&count| count > 0).count() > 1)
            .collect()
    }
}

impl Default for Pilot {
    fn default() -> Self {
        Self::new()
    }
}

impl Choose for Pilot {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let thread = self.pos.choose(candidates, current);
        self.decisions += usize::from(candidates.len() > 1);
        let ran = candidates.iter().find(|c| c.thread == thread);
        self.ran.extend(ran.map(|c| (thread, c.op)));
        thread
    }
}
