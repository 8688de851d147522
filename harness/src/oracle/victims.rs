//! O-NV: the count of OOM victims.
//!
//! Promise: `oom_victims` is never negative, and when nothing can happen any more it is the number of
//! tasks that are still marked. Tolerance: none. Suspending, which waits for the count, is not modelled.

use super::{Deed, Failure, signature};
use mmreap::task::TaskFlag;
use mmreap::trace::noun::OOM_VICTIMS;
use mmreap::trace::{Event, Kind, What};
use mmreap::world::{End, World};

/// Judges the counter.
pub fn judge(world: &World) -> Option<Failure> {
    if world.oom.fewest_victims < 0 {
        let negative = |what| matches!(what, What::Count { new, .. } if new < 0);
        let index = world.log.iter().position(|it| counts_victims(it) && negative(it.what))?;
        return Some(describe(world, index, "is negative".into()));
    }
    let marked = world.tasks.live().filter(|(_, task)| task.flags & memdie() != 0).count() as i32;
    if world.end != Some(End::Quiescent) || world.oom.victims == marked {
        return None;
    }
    let last = world.log.iter().rposition(counts_victims)?;
    Some(describe(world, last, format!("is {}, but {marked} tasks are marked", world.oom.victims)))
}

fn counts_victims(event: &Event) -> bool {
    event.site.noun() == OOM_VICTIMS
}

fn memdie() -> u32 {
    1 << TaskFlag::Memdie as u32
}

fn describe(world: &World, index: usize, how: String) -> Failure {
    let event = &world.log[index];
    Failure {
        signature: signature("O-NV", Kind::OomKiller, &[Deed::at(world, index)]),
        title: "miscount",
        object: event.object,
        events: vec![index as u32],
        details: vec![format!("oom_victims {how}")],
    }
}
