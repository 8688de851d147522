//! O-LOCK, second part: the order in which locks are taken.
//!
//! Promise: if some thread takes lock class B while it holds A, no thread of the same run takes A while it
//! holds B, directly or through others, even if this run did not deadlock (as lockdep does). Tolerance:
//! trylocks wait for nobody and make no order; two locks of one class are not judged, as their order has
//! to be annotated.

use super::{Apart, Deed, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, EventKind, Kind};
use mmreap::world::World;

static LOCKS: Rule = Rule {
    name: "locks",
    text: "locks are taken in one order and once, released by their holder, and nobody sleeps under a \
           spinlock",
    source: "Documentation/locking/lockdep-design",
    noticed: "it may do that with these locks",
    other: "nobody takes its locks the other way round",
    apart: Apart::Places,
};

/// Judges the order, and says what every failure of locks breaks.
pub struct LockOrder;

impl Oracle for LockOrder {
    /// Looks for a cycle in the order. Which of the nestings closed it is chance, so it is named by the
    /// first two by name.
    fn judge(&self, world: &World) -> Option<Failure> {
        let mut order = Order::default();
        for (index, event) in world.log.iter().enumerate() {
            order.note(index, event);
        }
        let mut cycle: Vec<Nesting> =
            order.nestings.iter().copied().filter(|it| order.turns(it)).collect();
        cycle.sort_unstable_by_key(|nesting| (nesting.by, nesting.held, nesting.taken));
        let (&one, rest) = cycle.split_first()?;
        let other = rest.iter().find(|other| !same(other.taken, one.taken)).copied()?;
        Some(describe(world, one, other))
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-LOCK" { vec![&LOCKS] } else { Vec::new() }
    }
}

/// The name of a lock class.
type Class = &'static str;

/// A class was taken while another one was held.
#[derive(Clone, Copy)]
struct Nesting {
    held: Class,
    taken: Class,
    /// The function of the protocol that took it.
    by: &'static str,
    /// Where it did so first.
    at: usize,
}

/// Which classes a run nested, and what its threads hold meanwhile.
#[derive(Default)]
struct Order {
    /// Each once for each function.
    nestings: Vec<Nesting>,
    /// Threads, each with a class that it holds, in the order of acquisition.
    held: Vec<(Tid, Class)>,
}

impl Order {
    fn note(&mut self, index: usize, event: &Event) {
        let (thread, class) = (event.thread, event.site.noun());
        match event.kind {
            EventKind::Acquire { trylock, .. } => {
                if !trylock {
                    self.take(index, event);
                }
                self.held.push((thread, class));
            }
            EventKind::Release { .. } => {
                let released = |held: &(Tid, Class)| held.0 == thread && same(held.1, class);
                self.held.iter().rposition(released).map(|place| self.held.remove(place));
            }
            _ => {}
        }
    }

    /// A thread takes a class after those that it holds.
    fn take(&mut self, at: usize, event: &Event) {
        let (taken, by) = (event.site.noun(), event.site.protocol());
        for &(_, held) in self.held.iter().filter(|held| held.0 == event.thread) {
            let known =
                |it: &Nesting| same(it.held, held) && same(it.taken, taken) && same(it.by, by);
            if !same(held, taken) && !self.nestings.iter().any(known) {
                self.nestings.push(Nesting { held, taken, by, at });
            }
        }
    }

    /// Whether what was held was also taken after what was taken, directly or through others.
    fn turns(&self, nesting: &Nesting) -> bool {
        let mut reached = vec![nesting.taken];
        let mut next = 0;
        while let Some(&class) = reached.get(next) {
            let after = self.nestings.iter().filter(|it| same(it.held, class)).map(|it| it.taken);
            let new: Vec<Class> = after.filter(|it| !reached.iter().any(|r| same(r, it))).collect();
            reached.extend(new);
            next += 1;
        }
        reached.iter().any(|class| same(class, nesting.held))
    }
}

/// Whether two names are one, which they mostly are only if they are in one place.
fn same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b) || a == b
}

fn describe(world: &World, one: Nesting, other: Nesting) -> Failure {
    let said =
        |it: Nesting| format!("{} is taken while {} is held in {}", it.taken, it.held, it.by);
    let mut events = vec![one.at as u32, other.at as u32];
    events.sort_unstable();
    events.dedup();
    Failure {
        signature: signature(
            "O-LOCK",
            Kind::None,
            &[one.at, other.at].map(|at| Deed::at(world, at)),
        ),
        title: "lock inversion",
        object: world.log[one.at].object,
        events,
        details: [one, other].map(said).to_vec(),
    }
}
