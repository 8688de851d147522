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
    classes: Vec<Class>,
    /// Threads, each with a class that it holds, in the order of acquisition.
    held: Vec<(Tid, usize)>,
    after: [u32; CLASSES],
}

/// Looks for a cycle in the order.
pub fn judge(world: &World) -> Option<Failure> {
    let mut order = Order::default();
    let closing = world.log.iter().position(|event| order.note(event))?;
    let event = &world.log[closing];
    let taken = order.classes.iter().position(|&class| class == event.site.noun())?;
    let before = order.held_by(event.thread).find(|&other| order.reaches(taken, other))?;
    Some(describe(world, order.classes[before], event.site.noun(), closing))
}

impl Order {
    /// Adds an event; whether it closes a cycle.
    fn note(&mut self, event: &Event) -> bool {
        match event.what {
            What::Acquire { trylock, .. } => self.take(event, trylock),
            What::Release { .. } => {
                let released = (event.thread, self.class(event.site.noun()));
                if let Some(position) = self.held.iter().rposition(|&held| held == released) {
                    self.held.remove(position);
                }
                false
            }
            _ => false,
        }
    }

    fn take(&mut self, event: &Event, trylock: bool) -> bool {
        let class = self.class(event.site.noun());
        let held = self.held_by(event.thread).fold(0u32, |all, other| all | 1 << other);
        let mut closes = false;
        let others = (0..self.classes.len()).filter(|&other| held >> other & 1 == 1 && !trylock);
        for other in others.filter(|&other| other != class) {
            let is_new = self.after[other] >> class & 1 == 0;
            self.after[other] |= 1 << class;
            closes |= is_new && self.reaches(class, other);
        }
        if !closes {
            self.held.push((event.thread, class));
        }
        closes
    }

    fn class(&mut self, name: Class) -> usize {
        let same = self.classes.iter().position(|&class| std::ptr::eq(class, name));
        let known = same.or_else(|| self.classes.iter().position(|&class| class == name));
        known.unwrap_or_else(|| {
            assert!(
                self.classes.len() < CLASSES,
                "more lock classes than the oracle can tell apart"
            );
            self.classes.push(name);
            self.classes.len() - 1
        })
    }

    fn held_by(&self, thread: Tid) -> impl Iterator<Item = usize> {
        self.held.iter().filter(move |held| held.0 == thread).map(|held| held.1)
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
