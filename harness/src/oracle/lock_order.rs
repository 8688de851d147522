//! O-LOCK, second part: the order in which locks are taken.
//!
//! Promise: if some thread takes lock class B while it holds A, no thread of the same run takes A while it
//! holds B, directly or through others, even if this run did not deadlock (as lockdep does). Tolerance:
//! trylocks wait for nobody and make no order; two locks of one class are not judged, as their order has
//! to be annotated.

use super::{Failure, event_site, signature};
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, Kind, What};
use mmreap::world::World;

/// The name of a lock class.
type Class = &'static str;

/// In which order classes were taken.
#[derive(Default)]
struct Order {
    /// Threads, each with a class that it holds, in the order of acquisition.
    held: Vec<(Tid, Class)>,
    /// Pairs: some thread took the second class while it held the first. A run has a dozen.
    pairs: Vec<(Class, Class)>,
}

/// Looks for a cycle in the order.
pub fn judge(world: &World) -> Option<Failure> {
    let mut order = Order::default();
    let mut events = world.log.iter().enumerate();
    let closes = |(index, event)| Some((index, order.note(event)?));
    let (index, before) = events.find_map(closes)?;
    Some(describe(world, before, world.log[index].site.noun(), index))
}

impl Order {
    /// Adds an event; if it closes a cycle, the class that was held.
    fn note(&mut self, event: &Event) -> Option<Class> {
        match event.what {
            What::Acquire { trylock, .. } => {
                let (thread, class) = (event.thread, event.site.noun());
                let before = if trylock { None } else { self.take(thread, class) };
                self.held.push((thread, class));
                before
            }
            What::Release { .. } => {
                let class = event.site.noun();
                let released = |held: &(Tid, Class)| held.0 == event.thread && same(held.1, class);
                self.held.iter().rposition(released).map(|place| self.held.remove(place));
                None
            }
            _ => None,
        }
    }

    /// A thread takes a class after those that it holds; one of them, if that closes a cycle.
    fn take(&mut self, thread: Tid, class: Class) -> Option<Class> {
        let mut closing = None;
        for place in 0..self.held.len() {
            let (holder, other) = self.held[place];
            if holder == thread && !same(other, class) && self.add(other, class) {
                closing = closing.or(Some(other));
            }
        }
        closing
    }

    /// One class was taken while another one was held: whether that closes a cycle.
    fn add(&mut self, held: Class, taken: Class) -> bool {
        let is_new = !self.pairs.iter().any(|pair| same(pair.0, held) && same(pair.1, taken));
        if is_new {
            self.pairs.push((held, taken));
        }
        is_new && self.reaches(taken, held)
    }

    /// Whether `to` was taken after `from`, directly or through others.
    fn reaches(&self, from: Class, to: Class) -> bool {
        let mut reached = vec![from];
        let mut next = 0;
        while let Some(&class) = reached.get(next) {
            for &(_, taken) in self.pairs.iter().filter(|pair| same(pair.0, class)) {
                if !reached.iter().any(|&other| same(other, taken)) {
                    reached.push(taken);
                }
            }
            next += 1;
        }
        reached.into_iter().any(|class| same(class, to))
    }
}

/// Whether two names are one, which they mostly are only if they are in one place.
fn same(a: Class, b: Class) -> bool {
    std::ptr::eq(a, b) || a == b
}

fn describe(world: &World, a: Class, b: Class, index: usize) -> Failure {
    let event = &world.log[index];
    Failure {
        signature: signature("O-LOCK", Kind::None, &[event_site(world, index)]),
        title: "lock inversion",
        object: event.object,
        events: vec![index as u32],
        details: vec![format!(
            "{b} is taken while {a} is held here, and the other way round elsewhere"
        )],
    }
}
