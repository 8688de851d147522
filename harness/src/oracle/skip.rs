//! O-SPUR and O-INV-SKIP: the OOM killer was told too early not to wait for a victim.
//!
//! O-SPUR promises: no search that leads to a kill for an allocation passes over an earlier victim that
//! was given up on (`MMF_OOM_SKIP`) and still holds private memory, if all of that is freed later in the same run
//! without a further kill of that kind; and nobody is killed who was given up on, as that frees nothing.
//! O-INV-SKIP promises: no victim's memory is given up on, by its own exit path or by the reaper after a pass that
//! was skipped, if it is still mapped when the run ends, or when a search passes it over and ends in a
//! panic for want of memory.
//!
//! Tolerance, the same for both. (a) Giving up after one second is policy: ten attempts with a nap each, or the
//! nap for an MMU notifier. (b) A kill although enough is free when the search comes by is the
//! accepted late scan. (c) If the earlier victim's exit had to wait for somebody's allocation, the second
//! kill was what let it go on. (d) A kill by hand does not wait for anybody. (e) An address space that pid 1
//! shares is given up on at once. (f) Who is given up on between the search's look and the kill is killed
//! all the same. O-SPUR says nothing about memory that is shared, or a device's.

use super::{Failure, event_site, signature};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::HZ;
use mmreap::trace::{Event, Kind, ObjectRef, SkipReason, Tracepoint, What};
use mmreap::world::{End, World};
use std::collections::{BTreeMap, BTreeSet};

/// A victim's story so far.
struct Victim {
    mm: ObjectRef,
    marked: usize,
    /// Private pages that are mapped.
    pages: BTreeSet<u32>,
    /// Where `MMF_OOM_SKIP` was set first.
    skipped: Option<usize>,
    /// What the reaper did about it before it gave up on it itself.
    pass: Pass,
    /// How long the reaper has waited for a better moment, in jiffies.
    waited: u32,
    /// Whether the reaper has given up on it, be it the first or not.
    left: bool,
    /// The last kill whose search passed it over, and how many pages it held then.
    passed_over: Option<(usize, usize)>,
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

/// What a search for a victim found out about an address space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It was not given up on.
    Waited,
    /// It was, and it held so many private pages while memory was short.
    Missed(usize),
    /// It was, and that did no harm.
    Over,
}

/// What a thread that may kill is about.
#[derive(Default)]
struct Killer {
    by_hand: bool,
    /// What its latest search found out, by address space.
    looks: BTreeMap<ObjectRef, Look>,
}

/// What the log says about memory up to some event.
struct Ledger<'a> {
    world: &'a World,
    victims: Vec<Victim>,
    mapped: BTreeSet<(u32, u32)>,
    killers: BTreeMap<Tid, Killer>,
    free: i64,
}

/// Finds a second kill that was not necessary.
pub fn judge_second_kill(world: &World) -> Option<Failure> {
    let mut ledger = Ledger::new(world);
    for (index, event) in world.log.iter().enumerate() {
        if event.what == What::Kill {
            if let Some(failure) = ledger.killed_again(index) {
                return Some(failure);
            }
            ledger.note_kill(index);
        }
        ledger.note(index, event);
    }
    let at_rest = matches!(world.end, Some(End::Quiescent | End::Livelock));
    let freed = |victim: &&Victim| victim.pages.is_empty() && !waited_for_memory(world, victim.mm);
    let mut needless = ledger.victims.iter().filter(|_| at_rest).filter(freed);
    needless.find_map(|victim| {
        let (kill, pages) = victim.passed_over?;
        let title = "needless kill after early skip";
        Some(describe(world, victim, (kill, pages), "O-SPUR", title))
    })
}

/// Finds memory that was given up on and that nobody frees.
pub fn judge_given_up(world: &World) -> Option<Failure> {
    let mut ledger = Ledger::new(world);
    for (index, event) in world.log.iter().enumerate() {
        // A panic for want of memory is what came of it.
        if event.what == What::OomPanic {
            let mut given_up = ledger.given_up();
            return given_up.find_map(|victim| {
                let pages = ledger.missed(event.thread, victim.mm)?;
                Some(describe(world, victim, (index, pages), "O-INV-SKIP", "early skip"))
            });
        }
        ledger.note(index, event);
    }
    let victim = ledger.given_up().find(|victim| !victim.pages.is_empty())?;
    let last = victim.skipped.unwrap_or(victim.marked);
    Some(describe(world, victim, (last, victim.pages.len()), "O-INV-SKIP", "early skip"))
}

impl<'a> Ledger<'a> {
    fn new(world: &'a World) -> Self {
        let free = i64::from(world.zone.total());
        let (victims, mapped, killers) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        Ledger { world, victims, mapped, killers, free }
    }

    fn note(&mut self, index: usize, event: &Event) {
        match event.what {
            What::OomMm => self.add_victim(index, event.object),
            What::Map { page, frame } if frame > 0 => {
                _ = self.mapped.insert((event.object.serial, page))
            }
            What::Unmap { page, .. } => _ = self.mapped.remove(&(event.object.serial, page)),
            What::AllocateFrames { frames } => self.free -= i64::from(frames),
            What::FreeFrames { frames } => self.free += i64::from(frames),
            What::OomRequest { forced, .. } => self.killer(event.thread).by_hand = forced,
            What::Enter if event.site.function() == "select_bad_process" => {
                self.killer(event.thread).looks.clear();
            }
            What::TestFlag { set } if event.site.noun() == "MMF_OOM_SKIP" => {
                self.looked(event, set)
            }
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
        self.victims.push(Victim {
            mm,
            marked,
            pages,
            skipped: None,
            pass: Pass::None,
            waited: 0,
            left: false,
            passed_over: None,
        });
    }

    fn killer(&mut self, thread: Tid) -> &mut Killer {
        self.killers.entry(thread).or_default()
    }

    fn look(&self, thread: Tid, mm: ObjectRef) -> Option<Look> {
        self.killers.get(&thread)?.looks.get(&mm).copied()
    }

    /// How many pages a victim held when the latest search passed it over.
    fn missed(&self, thread: Tid, mm: ObjectRef) -> Option<usize> {
        match self.look(thread, mm)? {
            Look::Missed(pages) => Some(pages),
            _ => None,
        }
    }

    /// A thread looked whether an address space was given up on. What it holds is compared with that only if
    /// it was a search.
    fn looked(&mut self, event: &Event, given_up: bool) {
        let look = match given_up {
            false => Look::Waited,
            true if event.site.protocol() == "select_bad_process" => self.passed_over(event.object),
            true => return,
        };
        self.killer(event.thread).looks.insert(event.object, look);
    }

    fn passed_over(&self, mm: ObjectRef) -> Look {
        let short = self.free <= i64::from(self.world.zone.high);
        let victim = self.victims.iter().find(|victim| victim.mm == mm);
        match victim.map_or(0, |victim| victim.pages.len()) {
            pages if pages > 0 && short => Look::Missed(pages),
            _ => Look::Over,
        }
    }

    /// A kill of an address space that had been given up on, and the search did not find otherwise.
    fn killed_again(&self, kill: usize) -> Option<Failure> {
        let Event { thread, object, .. } = self.world.log[kill];
        let victim = self.victims.iter().find(|victim| victim.mm == object)?;
        let skipped = victim.skipped?;
        (self.look(thread, object) != Some(Look::Waited))
            .then(|| describe_again(self.world, victim, skipped, kill))
    }

    /// Notes whom a search passed over that led to a kill.
    fn note_kill(&mut self, kill: usize) {
        let Some(killer) = self.killers.get(&self.world.log[kill].thread) else { return };
        for victim in self.victims.iter_mut().filter(|_| !killer.by_hand) {
            if let Some(&Look::Missed(pages)) = killer.looks.get(&victim.mm)
                && victim.is_premature(self.world)
            {
                victim.passed_over = Some((kill, pages));
            }
        }
    }

    /// The victims whose memory nobody will free, if it is still there.
    fn given_up(&self) -> impl Iterator<Item = &Victim> {
        let was_not_tried = |victim: &&Victim| {
            matches!(victim.pass, Pass::Skipped(..)) || !victim.is_reapers(self.world)
        };
        self.victims.iter().filter(|it| it.is_premature(self.world)).filter(was_not_tried)
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
            What::SetFlag { was } if event.site.noun() == "MMF_OOM_SKIP" => {
                self.skipped = if was { self.skipped } else { Some(index) };
                self.left |= event.site.protocol() == "oom_reap_task";
            }
            What::SetFlag { .. } if event.site.noun() == "MMF_UNSTABLE" => {
                self.reaper(Pass::Reaped, 0)
            }
            What::Skip(reason) => match reason {
                SkipReason::LockBusy => self.reaper(Pass::Skipped(index, reason), HZ / 10),
                SkipReason::Notifier => self.reaper(Pass::Skipped(index, reason), HZ),
                SkipReason::NoUsers => self.reaper(Pass::Skipped(index, reason), 0),
                SkipReason::AlreadySkipped => {}
            },
            _ => {}
        }
    }

    /// The reaper did something about it, and slept.
    fn reaper(&mut self, pass: Pass, slept: u32) {
        if !self.left {
            self.pass = pass;
            self.waited += slept;
        }
    }

    /// Whether the reaper was the first who gave up on it.
    fn is_reapers(&self, world: &World) -> bool {
        self.skipped.is_some_and(|at| event_site(world, at).protocol() == "oom_reap_task")
    }

    /// Whether it was given up on in less than the second that policy allows, and not for pid 1.
    fn is_premature(&self, world: &World) -> bool {
        let Some(skipped) = self.skipped else { return false };
        let in_time = !self.is_reapers(world) || self.waited < HZ;
        in_time && event_site(world, skipped).protocol() != "oom_kill_process"
    }
}

/// Whether a request of the address space waited for somebody's allocation, and the exit path for it.
fn waited_for_memory(world: &World, mm: ObjectRef) -> bool {
    let is_of_mm = |thread: Tid| {
        let (_, request) = world.kiocbs.all().find(|(_, it)| it.thread == Some(thread))?;
        let (_, ctx) = world.kioctxs.all().find(|(ctx, _)| Some(*ctx) == request.ctx)?;
        Some(ctx.mm.object() == mm)
    };
    let woken = world.log.iter().filter(|event| event.what == What::Wake);
    let mut woken = woken.filter(|event| event.site.noun() == "allocation");
    woken.any(|event| is_of_mm(event.thread) == Some(true))
}

fn describe(
    world: &World,
    victim: &Victim,
    (last, pages): (usize, usize),
    oracle: &str,
    title: &'static str,
) -> Failure {
    let skipped = victim.skipped.unwrap_or(last);
    let pass = if let Pass::Skipped(pass, _) = victim.pass { pass } else { skipped };
    let site = event_site(world, skipped);
    let reason = reason(victim);
    let mut signature = signature(oracle, Kind::Mm, &[site]);
    if victim.is_reapers(world) {
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
            format!("private pages of {} still mapped: {}", victim.mm, pages),
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
        details: vec![format!("{} was given up on before it was killed", victim.mm)],
    }
}
