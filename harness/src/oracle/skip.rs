//! O-SPUR and O-INV-SKIP: the OOM killer was told too early not to wait for a victim.
//!
//! O-SPUR promises: nobody is killed for an allocation while an earlier victim still holds private memory
//! that is freed later in the same run without any further kill. O-INV-SKIP promises: no victim's memory
//! is given up on (`MMF_OOM_SKIP`) without having been reaped, if it is still mapped when the run ends, in
//! a panic for want of memory too.
//!
//! Tolerance, the same for both. (a) Giving up after one second or more is policy: ten attempts with a
//! nap each, or the nap for an MMU notifier. (b) A kill although enough is free by now is the accepted
//! late scan. (c) If the earlier victim's exit had to wait for somebody's allocation, the second kill was
//! what let it go on. (d) A kill by hand does not wait for anybody. (e) An address space that pid 1
//! shares is given up on at once. O-SPUR says nothing about memory that is shared, or a device's.

use super::{Failure, event_site, signature};
use mmreap::sync::time::HZ;
use mmreap::trace::{Event, Kind, ObjectRef, SkipReason, Tracepoint, What};
use mmreap::world::World;
use std::collections::BTreeSet;

/// A victim's story so far.
struct Victim {
    mm: ObjectRef,
    marked: usize,
    /// Private pages that are mapped.
    pages: BTreeSet<u32>,
    /// Where `MMF_OOM_SKIP` was set first.
    skipped: Option<usize>,
    /// Where the reaper's last pass was skipped; none if it went over the mappings.
    pass: Option<usize>,
}

/// What the log says about memory up to some event.
#[derive(Default)]
struct Ledger {
    victims: Vec<Victim>,
    mapped: BTreeSet<(u32, u32)>,
    forced: Vec<(u8, bool)>,
    free: i64,
}

/// Finds a second kill that was not necessary.
pub fn judge_second_kill(world: &World) -> Option<Failure> {
    let mut ledger = Ledger { free: i64::from(world.zone.total()), ..Ledger::default() };
    for (index, event) in world.log.iter().enumerate() {
        if event.what == What::Kill && !ledger.by_hand(event) && ledger.is_short(world) {
            let spared = |victim: &&Victim| {
                is_premature(world, victim) && frees_itself(world, victim, index)
            };
            if let Some(victim) = ledger.victims.iter().find(spared) {
                return Some(describe(world, victim, index, "O-SPUR", "second kill for nothing"));
            }
        }
        ledger.note(index, event);
    }
    None
}

/// Finds memory that was given up on and that nobody frees.
pub fn judge_given_up(world: &World) -> Option<Failure> {
    let mut ledger = Ledger::default();
    for (index, event) in world.log.iter().enumerate() {
        ledger.note(index, event);
    }
    let lost = |victim: &&Victim| {
        is_premature(world, victim) && !victim.pages.is_empty() && !was_reaped(world, victim)
    };
    let victim = ledger.victims.iter().find(lost)?;
    let last = world.log.len() - 1;
    Some(describe(world, victim, last, "O-INV-SKIP", "victim given up on although not reaped"))
}

impl Ledger {
    fn note(&mut self, index: usize, event: &Event) {
        match event.what {
            What::OomMm => self.add_victim(index, event.object),
            What::Map { page, frame } if frame > 0 => {
                _ = self.mapped.insert((event.object.serial, page))
            }
            What::Unmap { page, .. } => _ = self.mapped.remove(&(event.object.serial, page)),
            What::AllocateFrames { frames } => self.free -= i64::from(frames),
            What::FreeFrames { frames } => self.free += i64::from(frames),
            What::OomRequest { forced, .. } => self.forced.push((event.thread.0, forced)),
            _ => {}
        }
        for victim in &mut self.victims {
            victim.note(index, event);
        }
    }

    fn add_victim(&mut self, marked: usize, mm: ObjectRef) {
        if self.victims.iter().any(|victim| victim.mm == mm) {
            return;
        }
        let of_mm = self.mapped.iter().filter(|(serial, _)| *serial == mm.serial);
        let pages = of_mm.map(|(_, page)| *page).collect();
        self.victims.push(Victim { mm, marked, pages, skipped: None, pass: None });
    }

    fn by_hand(&self, event: &Event) -> bool {
        let mut requests = self.forced.iter().rev();
        requests.find(|(thread, _)| *thread == event.thread.0).is_some_and(|(_, forced)| *forced)
    }

    /// Whether the request that leads to a kill could still not be satisfied.
    fn is_short(&self, world: &World) -> bool {
        self.free <= i64::from(world.zone.high)
    }
}

impl Victim {
    fn note(&mut self, index: usize, event: &Event) {
        if event.object != self.mm {
            return;
        }
        match event.what {
            What::Unmap { page, .. } => _ = self.pages.remove(&page),
            What::Map { page, frame } if frame > 0 => _ = self.pages.insert(page),
            What::SetFlag { was: false } if event.site.noun() == "MMF_OOM_SKIP" => {
                self.skipped = Some(index);
            }
            What::SetFlag { .. } if event.site.noun() == "MMF_UNSTABLE" => self.pass = None,
            What::Skip(_) if self.skipped.is_none() => self.pass = Some(index),
            _ => {}
        }
    }
}

/// Whether the reaper gave the victim up in less than the second that policy allows.
fn is_premature(world: &World, victim: &Victim) -> bool {
    let Some(skipped) = victim.skipped else { return false };
    let event = &world.log[skipped];
    let in_time = event.jiffies - world.log[victim.marked].jiffies < HZ;
    in_time && event.site.protocol() == "oom_reap_task" && !victim.pages.is_empty()
}

/// Whether the victim's memory is freed after the event, before anybody else is killed, and without
/// waiting for an allocation.
fn frees_itself(world: &World, victim: &Victim, from: usize) -> bool {
    let mut left = victim.pages.clone();
    for event in &world.log[from + 1..] {
        let own = event.object == victim.mm;
        match event.what {
            What::Kill => return false,
            What::Wake if event.site.noun() == "allocation" => return false,
            What::Unmap { page, .. } if own => _ = left.remove(&page),
            _ => {}
        }
        if left.is_empty() {
            return true;
        }
    }
    false
}

/// Whether the reaper went over the address space, so that what is left could not be reaped.
fn was_reaped(world: &World, victim: &Victim) -> bool {
    let reason = victim.pass.map(|pass| world.log[pass].what);
    !matches!(reason, Some(What::Skip(reason)) if reason != SkipReason::AlreadySkipped)
}

fn describe(world: &World, victim: &Victim, last: usize, oracle: &str, title: &str) -> Failure {
    let skipped = victim.skipped.unwrap_or(last);
    let pass = victim.pass.unwrap_or(skipped);
    let mut signature = signature(oracle, Kind::Mm, &[event_site(world, skipped)]);
    signature.sites.push(reason(world, victim));
    let mut events = vec![victim.marked as u32, pass as u32, skipped as u32, last as u32];
    events.sort_unstable();
    events.dedup();
    Failure {
        signature,
        headline: format!("{title}: {} was given up on in oom_reap_task", victim.mm.kind.name()),
        object: victim.mm,
        events,
        details: vec![
            format!("{} private pages of {} were still mapped", victim.pages.len(), victim.mm),
            format!("reaper's last pass: {}", reason(world, victim)),
        ],
    }
}

/// Why the reaper believed to be done.
fn reason(world: &World, victim: &Victim) -> String {
    let what = victim.pass.map(|pass| world.log[pass].what);
    match what {
        Some(What::Skip(reason)) => format!("__oom_reap_task_mm/skip({})", reason.name()),
        _ => format!("__oom_reap_task_mm/{}", Tracepoint::FinishTaskReaping.name()),
    }
}
