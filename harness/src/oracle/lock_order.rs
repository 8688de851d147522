//! O-LOCK, second part: the order in which locks are taken.
//!
//! Promise: if some thread takes lock class B while it holds A, no thread of the same run takes A while it
//! holds B, directly or through others, even if this run did not deadlock (as lockdep does). Tolerance:
//! trylocks wait for nobody and make no order; two locks of one class are not judged, as their order has
//! to be annotated.

use super::{Failure, event_site, signature};
use mmreap::trace::{Event, Kind, What};
use mmreap::world::World;
use std::collections::BTreeMap;

type Class = &'static str;

/// "While holding the first, the second was taken", and where.
type Order = BTreeMap<(Class, Class), usize>;

/// Looks for a cycle in the order.
pub fn judge(world: &World) -> Option<Failure> {
    let order = collect(&world.log);
    let closes = |&(&(a, b), _): &(&(Class, Class), &usize)| reaches(&order, b, a);
    let (&(a, b), &index) = order.iter().find(closes)?;
    Some(describe(world, a, b, index))
}

fn collect(log: &[Event]) -> Order {
    let mut held: Vec<Vec<Class>> = Vec::new();
    let mut order = Order::new();
    for (index, event) in log.iter().enumerate() {
        let thread = event.thread.index();
        if held.len() <= thread {
            held.resize(thread + 1, Vec::new());
        }
        let class = event.site.noun;
        match event.what {
            What::Acquire { trylock, .. } => {
                for &other in held[thread].iter().filter(|&&other| !trylock && other != class) {
                    order.entry((other, class)).or_insert(index);
                }
                held[thread].push(class);
            }
            What::Release { .. } => {
                if let Some(position) = held[thread].iter().rposition(|&other| other == class) {
                    held[thread].remove(position);
                }
            }
            _ => {}
        }
    }
    order
}

fn reaches(order: &Order, from: Class, to: Class) -> bool {
    let (mut reached, mut next) = (vec![from], 0);
    while next < reached.len() {
        let at = reached[next];
        if at == to {
            return true;
        }
        for &(a, b) in order.keys() {
            if a == at && !reached.contains(&b) {
                reached.push(b);
            }
        }
        next += 1;
    }
    false
}

fn describe(world: &World, a: Class, b: Class, index: usize) -> Failure {
    let event = &world.log[index];
    Failure {
        signature: signature("O-LOCK", Kind::None, &[event_site(world, index)]),
        headline: format!("lock order: {b} after {a} in {}", event.site.function),
        object: event.object,
        events: vec![index as u32],
        details: vec![format!(
            "{b} is taken while {a} is held here, and the other way round elsewhere"
        )],
    }
}
