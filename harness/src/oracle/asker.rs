//! O-SPUR, second part: somebody is killed for the sake of who is to die.
//!
//! Promise: no allocation of a thread that is on its way out kills anybody else, or panics the machine
//! because nobody else is left, when its address space was given up on as a victim's. The allocation may fail,
//! and what the thread holds comes free when it is gone. Judged by what the thread itself sees, in its own order:
//! it looks whether it will free memory itself, finds `MMF_OOM_SKIP`, looks for somebody else, and kills.
//!
//! Tolerance, as in the first part: giving up after one second is policy, and so is giving up at once on what
//! pid 1 shares. A thread that is stuck after the kill may have needed it.

use super::ledger::Ledger;
use super::{Apart, Failure, Oracle, Rule, signature};
use crate::case::Signature;
use mmreap::oom::out_of_memory::OUT_OF_MEMORY;
use mmreap::oom::task_will_free_mem::TASK_WILL_FREE_MEM;
use mmreap::sync::thread::Tid;
use mmreap::trace::noun::MMF_OOM_SKIP;
use mmreap::trace::{Event, EventKind, Kind, ObjectRef};
use mmreap::world::{End, World};
use std::collections::BTreeMap;

static DYING: Rule = Rule {
    name: "no kill for the dying",
    text: "an allocation of a thread that is to die may fail, and kills nobody else: what the thread holds \
           comes free when it is gone",
    source: "c288983dddf7 (v4.13), 0b28179a6138 (v5.16)",
    noticed: "only somebody else can give memory, now that its own address space was given up on",
    other: "nobody waits for this address space, and nobody asks on its behalf",
    apart: Apart::Places,
};

/// Judges kills for the sake of who is to die.
pub struct Asking;

impl Oracle for Asking {
    /// Finds a kill that only served who was to die.
    fn judge(&self, world: &World) -> Option<Failure> {
        let mut askers: BTreeMap<Tid, Asker> = BTreeMap::new();
        let mut events = world.log.iter().enumerate();
        events.find_map(|(index, event)| {
            match event.kind {
                EventKind::OomRequest { .. } => {
                    askers.insert(event.thread, Asker { request: index, given_up: None });
                }
                EventKind::TestFlag { set: true } if asks_about_itself(event) => {
                    let asker = askers.get_mut(&event.thread)?;
                    asker.given_up = Some((event.object, index));
                }
                EventKind::Kill | EventKind::OomPanic => {
                    let asker = askers.get(&event.thread)?;
                    let (mm, seen) = asker.given_up.filter(|(mm, _)| *mm != event.object)?;
                    let needless = was_reaped(world, mm) && !is_stuck(world, event.thread);
                    return needless.then(|| describe(world, mm, asker.request, [seen, index]));
                }
                _ => {}
            }
            None
        })
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::TestFlag { set: true }) && asks_about_itself(event)
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if is_for_the_dying(failure) { vec![&DYING] } else { Vec::new() }
    }
}

/// Whether a failure of O-SPUR is of this part.
pub fn is_for_the_dying(failure: &Signature) -> bool {
    let first = failure.sites.first();
    failure.oracle == "O-SPUR" && first.is_some_and(|site| site == OUT_OF_MEMORY.name())
}

/// What a thread is about that asks for a kill.
#[derive(Clone, Copy)]
struct Asker {
    /// Where it asked.
    request: usize,
    /// Its own address space, and where it saw that it was given up on.
    given_up: Option<(ObjectRef, usize)>,
}

/// Whether a thread sees that its own address space was given up on, and so has to look for another one.
fn asks_about_itself(event: &Event) -> bool {
    event.site.noun() == MMF_OOM_SKIP
        && event.site.function() == TASK_WILL_FREE_MEM.name()
        && event.site.protocol() == OUT_OF_MEMORY.name()
}

/// Whether an address space was given up on by the reaper, and in less than the second that policy allows.
fn was_reaped(world: &World, mm: ObjectRef) -> bool {
    let ledger = Ledger::closed(world);
    ledger.victim(mm).is_some_and(|victim| victim.is_left_by_reaper() && victim.is_premature())
}

/// Whether the thread had not come to its end when nothing could happen any more, if there was such a moment.
fn is_stuck(world: &World, thread: Tid) -> bool {
    match world.end {
        Some(End::Panic) => false,
        Some(End::StepLimit) => true,
        _ => world.stuck.iter().any(|stuck| stuck.thread == thread),
    }
}

fn describe(world: &World, mm: ObjectRef, request: usize, places: [usize; 2]) -> Failure {
    let asked = world.log[request].site.function();
    let asker = &world.threads()[world.log[request].thread.index()].name;
    let mut signature = signature("O-SPUR", Kind::Mm, &[]);
    signature.sites = vec![OUT_OF_MEMORY.name().into(), asked.into()];
    Failure {
        signature,
        title: "kill for a dying owner",
        object: mm,
        events: [request, places[0], places[1]].map(|index| index as u32).to_vec(),
        details: vec![format!("{asker} is to die itself, and asked in {asked}")],
    }
}
