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

/// Classes that a run can use; there are about ten.
const CLASSES: usize = 32;

/// In which order classes were taken: `after[a]` has bit `b` if some thread took `b` while it held `a`.
#[derive(Default)]
struct Order {
    /// Classes that were taken together with others, by their numbers in `after`.
    classes: Vec<Class>,
    /// Threads, each with a class that it holds, in the order of acquisition.
    held: Vec<(Tid, Class)>,
    after: [u32; CLASSES],
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
        let (held, taken) = (self.number(held), self.number(taken));
        let is_new = self.after[held] >> taken & 1 == 0;
        self.after[held] |= 1 << taken;
        is_new && self.reaches(taken, held)
    }

    fn number(&mut self, name: Class) -> usize {
        let known = self.classes.iter().position(|&class| same(class, name));
        known.unwrap_or_else(|| {
            assert!(
                self.classes.len() < CLASSES,
                "more lock classes than the oracle can tell apart"
            );
            self.classes.push(name);
            self.classes.len() - 1
        })
    }

    /// Whether `to` was taken after `from`, directly or through others.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut reached = 1 << from;
        loop {
            let taken = (0..self.classes.len()).filter(|class| reached >> class & 1 == 1);
            let next = taken.fold(reached, |all, class| all | self.after[class]);
            if next == reached {
                return reached >> to & 1 == 1;
            }
            reached = next;
        }
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
