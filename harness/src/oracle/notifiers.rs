//! O-NOTIF, the part that is not about memory: invalidations that nobody ends.
//!
//! Promise: when nothing can happen any more, no secondary MMU is told that an invalidation is still going on, for
//! until its end no guest's fault is resolved. Tolerance: somebody who is stuck in the middle of something else
//! may be in the middle of one. That pages are freed which a secondary MMU still maps is
//! [`super::memory`]'s to say.

use super::{Apart, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::trace::Kind;
use mmreap::world::{End, Stuck, World};

static SHADOW: Rule = Rule {
    name: "notify before free",
    text: "a page is freed after every secondary MMU has lost it: whoever unmaps it tells their notifiers before and \
           after, or leaves alone what has notifiers",
    source: "4d4bbd8526a8 (v4.14)",
    noticed: "nobody can reach the page any more",
    other: "what its guest can reach is its own",
    apart: Apart::Places,
};

/// Judges what secondary MMUs are told, and says what every failure of theirs breaks.
pub struct Notifiers;

impl Oracle for Notifiers {
    /// Looks for a secondary MMU that waits for an end.
    fn judge(&self, world: &World) -> Option<Failure> {
        let waits =
            |stuck: &Stuck| stuck.sleep.is_some_and(|it| it.object.kind == Kind::SecondaryMmu);
        if world.end != Some(End::Quiescent) || !world.stuck.iter().all(waits) {
            return None;
        }
        let (mmu, state) = world.mmus.live().find(|(_, mmu)| mmu.invalidations > 0)?;
        let began = state.invalidated;
        let by = &world.threads()[began.thread.index()].name;
        Some(Failure {
            signature: signature("O-NOTIF", Kind::SecondaryMmu, &[began.into()]),
            title: "unfinished invalidation",
            object: mmu.object(),
            events: vec![began.event],
            details: vec![format!("begun by {by} in {}", began.site)],
        })
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-NOTIF" { vec![&SHADOW] } else { Vec::new() }
    }
}
