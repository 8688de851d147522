//! Events whose order among threads is judged, and what they touch for that.
//!
//! An oracle may compare events of different threads only if they touch the same and are in conflict; then their
//! order is the same in every order of the trace, and a proof tries the other one. Mostly the operation that
//! an event belongs to sees to it. What is left is here: what is looked at is not what the kernel
//! looks at, but what it is to be right about.

use super::noun::MMF_OOM_SKIP;
use super::{Event, EventKind, Role};
use crate::sync::footprint::Footprint;
use crate::sync::point::Access;
use crate::sync::time::PROGRESS;
use crate::world::World;

/// Adds to a footprint what an event touches besides its operation.
// Not inside of what records events: only proofs ask for it.
#[inline(never)]
pub(crate) fn touch(event: &Event, footprint: &mut Footprint) {
    let object = event.object;
    match event.kind {
        // What a read may bring depends on what was stored and given up before.
        EventKind::UserWrite { .. } | EventKind::UserDiscard { .. } => {
            footprint.touch(object, "user_memory", Access::Update);
        }
        EventKind::UserRead { .. } => footprint.touch(object, "user_memory", Access::Read),
        // Who is passed over may still have memory, and there may be enough by now.
        EventKind::TestFlag { set: true } if passes_over(event) => {
            footprint.touch(object, "rss", Access::Read);
            footprint.touch(World::ZONE, "free_pages", Access::Read);
        }
        // Who is killed may have been given up on.
        EventKind::Kill => footprint.touch(object, MMF_OOM_SKIP, Access::Read),
        _ => {}
    }
    if event.kind.is_progress() {
        footprint.touch(PROGRESS, "progress", Access::Add);
    }
}

/// Whether the search for a victim finds that an address space was given up on.
fn passes_over(event: &Event) -> bool {
    event.site.noun() == MMF_OOM_SKIP && event.actor.role == Role::Search
}
