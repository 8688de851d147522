//! O-SPUR and O-INV-SKIP: the OOM killer was told too early not to wait for a victim.
//!
//! O-SPUR promises: no search that leads to a kill for an allocation passes over an earlier victim that
//! was given up on (`MMF_OOM_SKIP`) and still holds private memory, if all of that is freed later in the same run
//! without another such kill; and nobody is killed who was given up on, as that frees nothing. O-INV-SKIP
//! promises: no victim's memory is given up on, by its own exit path or by the reaper after a pass that was
//! skipped, if it is still mapped when the run ends, or when a search passes it over and ends in a panic
//! for want of memory.
//!
//! Tolerance, the same for both. (a) Giving up after one second is policy: ten attempts with a nap each, or the
//! nap for an MMU notifier. (b) A kill although enough is free when the search comes by is the accepted late
//! scan. (c) If the earlier victim's exit waits for a request that needs somebody's allocation, the
//! second kill may be what lets it go on. (d) A kill by hand does not wait for anybody. (e) An address
//! space that pid 1 shares is given up on at once. (f) Who is given up on after the search has looked is
//! killed all the same. O-SPUR says nothing about memory that is shared, or a device's.

use super::asker::is_for_the_dying;
use super::ledger::{Ledger, Look, Pass, Victim};
use super::obligations::{REACHABILITY, TRUTH};
use super::{Apart, Deed, Failure, Oracle, Rule, is_skip, signature, skipped};
use crate::case::Signature;
use mmreap::aio::Completion;
use mmreap::oom::oom_kill_process::OOM_KILL_PROCESS;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::trace::{Event, EventKind, Kind, ObjectRef, Tracepoint};
use mmreap::world::{End, World};
use std::collections::BTreeMap;

static GIVEN_UP: Rule = Rule {
    name: "given up is given up",
    text: "an address space that was given up on is neither waited for nor killed again",
    source: "26db62f179d1 and 862e3073b3ee (v4.9)",
    noticed: "what it kills has memory to give",
    other: "nobody comes back to what was given up on",
    apart: Apart::Noticed,
};

/// O-SPUR: judges second kills.
pub struct SecondKill;

impl Oracle for SecondKill {
    /// Finds a second kill that was not necessary.
    fn judge(&self, world: &World) -> Option<Failure> {
        world.log.iter().filter(|event| matches!(event.kind, EventKind::Kill)).nth(1)?;
        let mut ledger = Ledger::new(world);
        // The last kill that passed each over, and how many pages that held.
        let mut passed_over: BTreeMap<ObjectRef, (usize, usize)> = BTreeMap::new();
        for (index, event) in world.log.iter().enumerate() {
            if matches!(event.kind, EventKind::Kill) {
                if let Some(failure) = killed_again(world, &ledger, index) {
                    return Some(failure);
                }
                let missed = missed(&ledger, event);
                passed_over.extend(missed.map(|(mm, pages)| (mm, (index, pages))));
            }
            ledger.note(index, event);
        }
        let at_rest = matches!(world.end, Some(End::Quiescent | End::Livelock));
        let comes_free =
            |victim: &&Victim| victim.pages.is_empty() && !waits_for_memory(world, victim.mm);
        let mut needless = ledger.victims.iter().filter(|_| at_rest).filter(comes_free);
        needless.find_map(|victim| {
            let (kill, pages) = *passed_over.get(&victim.mm)?;
            let title = "needless kill after early skip";
            Some(describe(world, victim, (kill, pages), "O-SPUR", title))
        })
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::Kill)
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        let is_again = failure.sites.iter().any(|site| site == OOM_KILL_PROCESS.name());
        match &*failure.oracle {
            "O-SPUR" if is_for_the_dying(failure) => Vec::new(),
            "O-SPUR" if is_again => vec![&GIVEN_UP],
            "O-SPUR" => too_early(failure),
            _ => Vec::new(),
        }
    }
}

/// O-INV-SKIP: judges what nobody frees.
pub struct GivenUp;

impl Oracle for GivenUp {
    /// Finds memory that was given up on and that nobody frees.
    fn judge(&self, world: &World) -> Option<Failure> {
        let mut ledger = Ledger::new(world);
        for (index, event) in world.log.iter().enumerate() {
            // A panic for want of memory is what came of it.
            if matches!(event.kind, EventKind::OomPanic) {
                let mut given_up = ledger.victims.iter().filter(|victim| is_given_up(victim));
                return given_up.find_map(|victim| {
                    let pages = ledger.missed(event.thread, victim.mm)?;
                    Some(describe(world, victim, (index, pages), "O-INV-SKIP", "early skip"))
                });
            }
            ledger.note(index, event);
        }
        let lost = |victim: &&Victim| is_given_up(victim) && !victim.pages.is_empty();
        let victim = ledger.victims.iter().find(lost)?;
        let (skipped, _) = victim.skipped?;
        Some(describe(world, victim, (skipped, victim.pages.len()), "O-INV-SKIP", "early skip"))
    }

    fn concerns(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::OomMm)
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-INV-SKIP" { too_early(failure) } else { Vec::new() }
    }
}

/// What is broken if `MMF_OOM_SKIP` is set too early; if the reaper was kept away, that besides.
fn too_early(failure: &Signature) -> Vec<&'static Rule> {
    let was_skipped = failure.sites.iter().any(|site| is_skip(site));
    if was_skipped { vec![&TRUTH, &REACHABILITY] } else { vec![&TRUTH] }
}

/// A kill of an address space that had been given up on, and its search did not find otherwise.
fn killed_again(world: &World, ledger: &Ledger<'_>, kill: usize) -> Option<Failure> {
    let Event { thread, object, .. } = world.log[kill];
    let victim = ledger.victim(object)?;
    let (skipped, _) = victim.skipped?;
    let found = ledger.look(thread, object);
    (found != Some(Look::Waited)).then(|| describe_again(world, victim, skipped, kill))
}

/// Whom the search before a kill passed over, although it should have waited, and how many pages they held.
fn missed(ledger: &Ledger<'_>, kill: &Event) -> impl Iterator<Item = (ObjectRef, usize)> {
    let judged = !ledger.by_hand(kill.thread);
    let premature = ledger.victims.iter().filter(move |victim| judged && victim.is_premature());
    premature.filter_map(|victim| Some((victim.mm, ledger.missed(kill.thread, victim.mm)?)))
}

/// Whether nobody tries any more to free what a victim holds, and nobody has tried.
fn is_given_up(victim: &Victim) -> bool {
    let was_not_tried = matches!(victim.pass, Pass::Skipped(..)) || !victim.is_left_by_reaper();
    victim.is_premature() && was_not_tried
}

/// Whether a request of the address space needs somebody's allocation, so that the exit path waits for that.
fn waits_for_memory(world: &World, mm: ObjectRef) -> bool {
    let contexts = world.kioctxs.all().filter(|(_, ctx)| ctx.mm.object() == mm);
    let mut requests = contexts.flat_map(|(ctx, _)| {
        world.kiocbs.all().filter(move |(_, request)| request.ctx == Some(ctx))
    });
    requests.any(|(_, request)| request.completion == Completion::AfterAlloc)
}

fn describe(
    world: &World,
    victim: &Victim,
    (last, pages): (usize, usize),
    oracle: &str,
    title: &'static str,
) -> Failure {
    let skipped = victim.skipped.map_or(last, |(skipped, _)| skipped);
    let pass = if let Pass::Skipped(pass, _) = victim.pass { pass } else { skipped };
    let reason = reason(victim);
    let mut signature = signature(oracle, Kind::Mm, &[Deed::at(world, skipped)]);
    if victim.is_left_by_reaper() {
        signature.sites.extend(reason.clone());
    }
    let mut events = vec![victim.marked as u32, pass as u32, skipped as u32, last as u32];
    events.sort_unstable();
    events.dedup();
    Failure {
        signature,
        title,
        object: victim.mm,
        events,
        details: vec![
            format!("private pages of {} still mapped: {pages}", victim.mm),
            format!("reaper's last pass: {}", reason.as_deref().unwrap_or("there was none")),
        ],
    }
}

/// Why the reaper believed to be done; nothing if it never came.
fn reason(victim: &Victim) -> Option<String> {
    match victim.pass {
        Pass::None => None,
        Pass::Reaped => {
            let done = Tracepoint::FinishTaskReaping.name();
            Some(format!("{}/{done}", OOM_REAP_TASK_MM.name()))
        }
        Pass::Skipped(_, reason) => Some(skipped(reason)),
    }
}

fn describe_again(world: &World, victim: &Victim, skipped: usize, kill: usize) -> Failure {
    let sites = [Deed::at(world, kill), Deed::at(world, skipped)];
    Failure {
        signature: signature("O-SPUR", Kind::Mm, &sites),
        title: "repeated kill",
        object: victim.mm,
        events: vec![victim.marked as u32, skipped as u32, kill as u32],
        details: vec![format!("{} was given up on before it was killed", victim.mm)],
    }
}
