//! O-NV: the count of OOM victims.
//!
//! Promise: `oom_victims` is never negative, and when nothing can happen any more it is the number of
//! tasks that are still marked. Tolerance: none. Suspending, which waits for the count, is not modelled.

use super::{Apart, Deed, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::task::TaskFlag;
use mmreap::trace::noun::OOM_VICTIMS;
use mmreap::trace::{Event, EventKind, Kind};
use mmreap::world::{End, World};

static VICTIMS: Rule = Rule {
    name: "the count of victims",
    text: "oom_victims counts every marked thread once, from the mark until it has let go of its address \
           space",
    source: "7d2e7a22cf27 (v4.9)",
    noticed: "the count is the number of marked threads",
    other: "its change of the count belongs to its own mark",
    apart: Apart::Nothing,
};

/// Judges the counter.
pub struct Victims;

impl Oracle for Victims {
    fn judge(&self, world: &World) -> Option<Failure> {
        if world.oom.fewest_victims < 0 {
            let negative = |what| matches!(what, EventKind::Count { new, .. } if new < 0);
            let index = world.log.iter().position(|it| counts_victims(it) && negative(it.kind))?;
            return Some(describe(world, index, "is negative".into()));
        }
        let marked =
            world.tasks.live().filter(|(_, task)| task.flags & memdie() != 0).count() as i32;
        if world.end != Some(End::Quiescent) || world.oom.victims == marked {
            return None;
        }
        let last = world.log.iter().rposition(counts_victims)?;
        let how = format!("is {}, but {marked} tasks are marked", world.oom.victims);
        Some(describe(world, last, how))
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::Marked)
            | (matches!(event.kind, EventKind::Count { .. })
                & (event.object.kind == Kind::OomKiller))
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-NV" { vec![&VICTIMS] } else { Vec::new() }
    }
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
