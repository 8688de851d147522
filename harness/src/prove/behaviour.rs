//! What the threads of a run lived through, as one number: the events of each, without what only the log or
//! the clock of another thread could tell.
//!
//! Equivalent runs have the same behaviour, so it checks proofs from outside: whatever a random run lives
//! through, some run of the proof has to have lived through, too. Sleeping is left out, because a thread
//! that finds what it waits for and one that is woken for it go on alike; so are the numbers of objects, which
//! depend on who was created first, and values of counters, unless they are zero.

use mmreap::trace::{Event, EventKind};
use mmreap::world::World;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// The behaviour of the run that is in the world.
pub fn behaviour(world: &World) -> u64 {
    let mut threads: Vec<FxHasher> = vec![FxHasher::default(); world.threads().len()];
    let slept = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::Enter | EventKind::Sleep | EventKind::Wake | EventKind::Tick { .. }
        )
    };
    for event in world.log.iter().filter(|event| !slept(event)) {
        essence(event).hash(&mut threads[event.thread.index()]);
    }
    let mut all = FxHasher::default();
    threads.iter().for_each(|thread| thread.finish().hash(&mut all));
    all.finish()
}

/// An event in words, without what depends on the order of steps that commute.
pub fn essence(event: &Event) -> String {
    let kind = match event.kind {
        EventKind::Count { new, .. } => format!("count, zero {}", new == 0),
        EventKind::Map { page, .. } => format!("map {page}"),
        EventKind::Unmap { page, .. } => format!("unmap {page}"),
        EventKind::Shadow { page, .. } => format!("shadow {page}"),
        EventKind::Unshadow { page, .. } => format!("unshadow {page}"),
        EventKind::UserRead { page, content, .. } => format!("read {page}, {content}"),
        other => format!("{other:?}"),
    };
    format!("{} {} {} {kind}", event.depth, event.site, event.object.kind.name())
}
