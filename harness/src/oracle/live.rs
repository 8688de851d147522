//! O-LIVE: an allocation waits for the OOM killer, and nobody makes progress any more.
//!
//! Promise: a run with a pending OOM request ends with memory, with another victim, or with a panic. It
//! needs fair time: when only naps of allocators repeat, time becomes fair, and what still does not move
//! is stuck for ever, not slow. A run that uses up its scheduling decisions is reported, too, because no
//! case needs that many; where its threads are then is chance, and nothing to go by. Tolerance: threads that wait for a dead device bother nobody here, as long as
//! no allocation waits for them.

use super::obligations::CERTAINTY;
use super::{Deed, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::oom::out_of_memory::OUT_OF_MEMORY;
use mmreap::sync::thread::Reason;
use mmreap::trace::{Kind, ObjectRef, Role};
use mmreap::world::{End, Stuck, World};

/// Judges how the run ended.
pub struct Live;

impl Oracle for Live {
    fn judge(&self, world: &World) -> Option<Failure> {
        match world.end? {
            End::Livelock => Some(describe(world, "livelock")),
            End::StepLimit => {
                let failure = describe(world, "endless run");
                Some(Failure { signature: signature("O-LIVE", Kind::OomKiller, &[]), ..failure })
            }
            _ => None,
        }
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-LIVE" { vec![&CERTAINTY] } else { Vec::new() }
    }
}

fn describe(world: &World, title: &'static str) -> Failure {
    let waits = |stuck: &&Stuck| stuck.sleep.is_some_and(|s| s.reason == Reason::MemoryNap);
    let allocator = world.stuck.iter().find(waits);
    let victim = world.stuck.iter().find(|stuck| stuck.acts(Role::ExitPath));
    let deed = victim.map(|stuck| Deed { actor: stuck.actor(), site: stuck.site });
    let mut signature = signature("O-LIVE", Kind::OomKiller, deed.as_slice());
    signature.sites.extend(allocator.map(|_| OUT_OF_MEMORY.name().to_string()));
    let last = world.log.len() as u32 - 1;
    Failure {
        signature,
        title,
        object: victim.and_then(|s| s.sleep).map_or(ObjectRef::NONE, |sleep| sleep.object),
        events: vec![last],
        details: world.stuck.iter().map(|stuck| detail(world, stuck)).collect(),
    }
}

fn detail(world: &World, stuck: &Stuck) -> String {
    format!("{} is stuck in {}", world.threads()[stuck.thread.index()].name, stuck.site)
}
