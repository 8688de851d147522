//! What the threads of a run lived through, and whether two runs were the same for them.

use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, Kind, ObjectRef};
use mmreap::world::World;
use mmreap_harness::prove::behaviour::essence;
use mmreap_harness::run::Run;
use mmreap_harness::run::news::News;
use std::collections::BTreeMap;

/// The events of all threads, one thread after the other, and how the run ended, with the news of it.
pub type Lives = (Vec<(Tid, String, ObjectRef)>, String);

/// Of a run.
pub fn lives(run: &Run) -> Lives {
    let failure = run.failure.as_ref().map(|it| format!("{}: {}", it.title, it.signature));
    let verdict = format!("{:?} {failure:?}{}", run.end, News::of(run.world()));
    (events(run.world()), verdict)
}

/// The events of all threads, one thread after the other.
pub fn events(world: &World) -> Vec<(Tid, String, ObjectRef)> {
    let of = |event: &Event| (event.thread, essence(event), event.object);
    let mut events: Vec<_> = world.log.iter().map(of).collect();
    events.sort_by_key(|event| event.0);
    events
}

/// The first difference, if objects are renamed one to one. Which of the free frames somebody gets is no
/// difference, though the same frames were somebody's before.
pub fn difference(a: &Lives, b: &Lives) -> Option<String> {
    if a.1 != b.1 {
        return Some(format!("{} became {}", a.1, b.1));
    }
    let mut names: BTreeMap<ObjectRef, ObjectRef> = BTreeMap::new();
    for (x, y) in a.0.iter().zip(&b.0) {
        let same_object = x.2.kind == Kind::Page || *names.entry(x.2).or_insert(y.2) == y.2;
        if (x.0, &x.1) != (y.0, &y.1) || !same_object {
            return Some(format!("{x:?}\n  became {y:?}"));
        }
    }
    (a.0.len() != b.0.len()).then(|| format!("{} events became {}", a.0.len(), b.0.len()))
}
