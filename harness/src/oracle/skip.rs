//! O-SPUR and O-INV-SKIP: the OOM killer was told too early not to wait for a victim.
//!
//! O-SPUR promises: nobody is killed for an allocation while an earlier victim still holds private memory
//! that is freed later in the same run without any further kill; and nobody is killed whose address space
//! had been given up on before the search began, as that frees nothing. O-INV-SKIP promises: no victim's
//! memory is given up on (`MMF_OOM_SKIP`) after a pass of the reaper that was skipped, if it is still mapped
//! when the run ends, in a panic for want of memory too.
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
    /// What the reaper did about it before it was given up on.
    pass: Pass,
}

/// The reaper's last pass over an address space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// There was none.
    None,
    /// It was skipped, at this event and for this reason.
    Skipped(usize, SkipReason),
    /// It went over the mappings.
    Reaped,
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
        if event.what == What::Kill
            && let Some(failure) = ledger.killed_again(world, index)
        {
            return Some(failure);
        }
        if event.what == What::Kill && !ledger.by_hand(event) && ledger.is_short(world) {
            let spared = |victim: &&Victim| {
                is_premature(world, victim) && frees_itself(world, victim, index)
            };
            if let Some(victim) = ledger.victims.iter().find(spared) {
                return Some(describe(
                    world,
                    victim,
                    index,
                    "O-SPUR",
                    "needless kill after early skip",
                ));
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
        is_premature(world, victim) && !victim.pages.is_empty() && was_skipped(victim)
    };
    let victim = ledger.victims.iter().find(lost)?;
    // A panic for want of memory is what came of it; another end tells nothing.
    let panics = world.log.iter().position(|event| event.what == What::OomPanic);
    let last = panics.or(victim.skipped).unwrap_or(victim.marked);
    Some(describe(world, victim, last, "O-INV-SKIP", "early skip"))
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
        self.victims.push(Victim { mm, marked, pages, skipped: None, pass: Pass::None });
    }

    fn by_hand(&self, event: &Event) -> bool {
        let mut requests = self.forced.iter().rev();
        requests.find(|(thread, _)| *thread == event.thread.0).is_some_and(|(_, forced)| *forced)
    }

    /// A kill of an address space that had been given up on before the search for it began.
    fn killed_again(&self, world: &World, kill: usize) -> Option<Failure> {
        let object = world.log[kill].object;
        let victim = self.victims.iter().find(|victim| victim.mm == object)?;
        let skipped = victim.skipped?;
        (skipped < search_before(world, kill)?)
            .then(|| describe_again(world, victim, skipped, kill))
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
            What::SetFlag { .. } if event.site.noun() == "MMF_UNSTABLE" => self.pass = Pass::Reaped,
            What::Skip(reason) if self.skipped.is_none() => {
                self.pass = Pass::Skipped(index, reason);
            }
            _ => {}
        }
    }
}

/// Where the search that led to a kill began.
fn search_before(world: &World, kill: usize) -> Option<usize> {
    let thread = world.log[kill].thread;
    let begins = |event: &Event| {
        event.thread == thread
            && event.what == What::Enter
            && event.site.function() == "select_bad_process"
    };
    world.log[..kill].iter().rposition(begins)
}

/// Whether the victim was given up on in less than the second that policy allows, and not for pid 1.
fn is_premature(world: &World, victim: &Victim) -> bool {
    let Some(skipped) = victim.skipped else { return false };
    let event = &world.log[skipped];
    let in_time = event.jiffies - world.log[victim.marked].jiffies < HZ;
    in_time && event.site.protocol() != "oom_kill_process" && !victim.pages.is_empty()
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

/// Whether the reaper's last pass was skipped although nobody had given the address space up.
fn was_skipped(victim: &Victim) -> bool {
    matches!(victim.pass, Pass::Skipped(_, reason) if reason != SkipReason::AlreadySkipped)
}

fn describe(
    world: &World,
    victim: &Victim,
    last: usize,
    oracle: &str,
    title: &'static str,
) -> Failure {
    let skipped = victim.skipped.unwrap_or(last);
    let pass = if let Pass::Skipped(pass, _) = victim.pass { pass } else { skipped };
    let site = event_site(world, skipped);
    let reason = reason(victim);
    let mut signature = signature(oracle, Kind::Mm, &[site]);
    if site.protocol() == "oom_reap_task" {
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
            format!("private pages of {} still mapped: {}", victim.mm, victim.pages.len()),
            format!("reaper's last pass: {}", reason.as_deref().unwrap_or("there was none")),
        ],
    }
}

/// Why the reaper believed to be done; nothing if it never came.
fn reason(victim: &Victim) -> Option<String> {
    let how = match victim.pass {
        Pass::None => return None,
        Pass::Reaped => Tracepoint::FinishTaskReaping.name().to_string(),
        Pass::Skipped(_, reason) => format!("skip({})", reason.name()),
    };
    Some(format!("__oom_reap_task_mm/{how}"))
}

fn describe_again(world: &World, victim: &Victim, skipped: usize, kill: usize) -> Failure {
    let sites = [event_site(world, kill), event_site(world, skipped)];
    Failure {
        signature: signature("O-SPUR", Kind::Mm, &sites),
        title: "repeated kill",
        object: victim.mm,
        events: vec![victim.marked as u32, skipped as u32, kill as u32],
        details: vec![format!("{} was given up on before the search began", victim.mm)],
    }
}
