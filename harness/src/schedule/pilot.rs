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
}

impl Pilot {
    /// A pilot that has not begun.
    pub fn new() -> Self {
        Pilot { pos: Pos::new(SEED), decisions: 0, ran: Vec::new() }
    }

    /// What it saw.
    pub fn estimates(&self) -> Estimates {
        let mut contested: Vec<Thing> = Vec::new();
        for (_, op) in self.ran.iter().filter(|(_, op)| op.access != Access::Start) {
            let (kind, noun) = (op.object.kind, op.site.noun());
            if !contested.iter().any(|thing| thing.kind == kind && same(thing.noun, noun)) {
                contested.push(self.thing(kind, noun));
            }
        }
        contested.retain(|thing| self.is_contested(thing));
        Estimates { decisions: self.decisions, contested }
    }

    fn thing(&self, kind: Kind, noun: &'static str) -> Thing {
        let mut thing = Thing { kind, noun, touches: Vec::new() };
        for (thread, op) in &self.ran {
            if thing.is_touched_by(op) {
                let length = thing.touches.len().max(thread.index() + 1);
                thing.touches.resize(length, 0);
                thing.touches[thread.index()] += 1;
            }
        }
        thing
    }

    fn is_contested(&self, thing: &Thing) -> bool {
        let changes = |op: &Op| thing.is_touched_by(op) && !only_reads(op.access);
        let threads = thing.touches.iter().filter(|&&touches| touches > 0).count();
        threads > 1 && self.ran.iter().any(|(_, op)| changes(op))
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
