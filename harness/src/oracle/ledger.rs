//! What a run does with the memory of OOM victims: who is marked, given up on, and passed over by a search for
//! another one. What that is worth, [`super::skip`] and [`super::asker`] say.
//!
//! Nothing in it depends on which order of the trace the log has. Kills and marks come one after the other under
//! `oom_lock`; what the reaper does and what a search finds is each a matter of one thread; and when a search
//! finds `MMF_OOM_SKIP`, what there is of memory is a touch of that step ([`mmreap::trace`]).

use mmreap::oom::select::SELECT_BAD_PROCESS;
use mmreap::sync::thread::Tid;
use mmreap::sync::time::HZ;
use mmreap::trace::noun::{MMF_OOM_SKIP, MMF_UNSTABLE};
use mmreap::trace::{Actor, Event, EventKind, ObjectRef, Role, SkipReason};
use mmreap::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// A victim's story so far.
pub struct Victim {
    /// Its address space.
    pub mm: ObjectRef,
    /// Where it was marked.
    pub marked: usize,
    /// Private pages that are mapped.
    pub pages: BTreeSet<u32>,
    /// Where `MMF_OOM_SKIP` was set first, and by whom.
    pub skipped: Option<(usize, Actor)>,
    /// The reaper's last pass before it gave up on it itself.
    pub pass: Pass,
    /// How long the reaper waited between passes until then, in jiffies.
    waited: u32,
    /// Whether the reaper has given up on it, be it the first or not.
    left: bool,
}

/// A pass of the reaper over an address space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// There was none.
    None,
    /// It was skipped, at this event and for this reason.
    Skipped(usize, SkipReason),
    /// It went over the mappings.
    Reaped,
}

/// What a search for a victim finds out about an address space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It is not given up on.
    Waited,
    /// It is, and holds so many private pages while memory is short.
    Missed(usize),
    /// It is, and that does no harm.
    Over,
}

/// What a thread that may kill is about.
#[derive(Default)]
struct Killer {
    by_hand: bool,
    /// What its latest search found out, by address space.
    looks: BTreeMap<ObjectRef, Look>,
}

/// What the log says up to some event.
pub struct Ledger<'a> {
    world: &'a World,
    /// In the order in which they were marked.
    pub victims: Vec<Victim>,
    killers: BTreeMap<Tid, Killer>,
    free: i64,
}

impl<'a> Ledger<'a> {
    /// Before the first event.
    pub fn new(world: &'a World) -> Self {
        let free = i64::from(world.zone.total());
        Ledger { world, victims: Vec::new(), killers: BTreeMap::new(), free }
    }

    /// After the last event.
    pub fn closed(world: &'a World) -> Self {
        let mut ledger = Ledger::new(world);
        world.log.iter().enumerate().for_each(|(index, event)| ledger.note(index, event));
        ledger
    }

    /// Adds an event.
    #[inline]
    pub fn note(&mut self, index: usize, event: &Event) {
        if tells(event) {
            self.add(index, event);
        }
    }

    /// What is matched here [`tells`] has to let through.
    fn add(&mut self, index: usize, event: &Event) {
        match event.kind {
            EventKind::OomMm => self.add_victim(index, event.object),
            EventKind::AllocateFrames { frames } => self.free -= i64::from(frames),
            EventKind::FreeFrames { frames } => self.free += i64::from(frames),
            EventKind::OomRequest { forced, .. } => self.killer(event.thread).by_hand = forced,
            EventKind::Enter if event.site.function() == SELECT_BAD_PROCESS.name() => {
                self.killer(event.thread).looks.clear();
            }
            EventKind::TestFlag { set } if is_skip(event) => self.looked(event, set),
            _ => {}
        }
        for victim in self.victims.iter_mut().filter(|victim| victim.mm == event.object) {
            victim.note(index, event);
        }
    }

    fn add_victim(&mut self, marked: usize, mm: ObjectRef) {
        if self.victim(mm).is_some() {
            return;
        }
        let (pages, skipped, pass) = (BTreeSet::new(), None, Pass::None);
        let mut victim = Victim { mm, marked, pages, skipped, pass, waited: 0, left: false };
        let before = self.world.log[..marked].iter().enumerate();
        let own = before.filter(|(_, event)| event.object == mm);
        own.for_each(|(index, event)| victim.note(index, event));
        self.victims.push(victim);
    }

    /// The victim with the address space.
    pub fn victim(&self, mm: ObjectRef) -> Option<&Victim> {
        self.victims.iter().find(|victim| victim.mm == mm)
    }

    fn killer(&mut self, thread: Tid) -> &mut Killer {
        self.killers.entry(thread).or_default()
    }

    /// Whether the thread's latest request was by hand.
    pub fn by_hand(&self, thread: Tid) -> bool {
        self.killers.get(&thread).is_some_and(|killer| killer.by_hand)
    }

    /// What the thread's latest search found out about an address space.
    pub fn look(&self, thread: Tid, mm: ObjectRef) -> Option<Look> {
        self.killers.get(&thread)?.looks.get(&mm).copied()
    }

    /// How many pages a victim held when the thread's latest search passed it over.
    pub fn missed(&self, thread: Tid, mm: ObjectRef) -> Option<usize> {
        match self.look(thread, mm)? {
            Look::Missed(pages) => Some(pages),
            _ => None,
        }
    }

    /// A thread looked whether an address space was given up on. What there is of memory may be compared with
    /// that only if it was a search. The first look decides: a search that comes back by way of another process
    /// has chosen already.
    fn looked(&mut self, event: &Event, given_up: bool) {
        let look = match given_up {
            false => Look::Waited,
            true if event.actor.role == Role::Search => self.passed_over(event.object),
            true => return,
        };
        self.killer(event.thread).looks.entry(event.object).or_insert(look);
    }

    fn passed_over(&self, mm: ObjectRef) -> Look {
        match self.victim(mm).map_or(0, |victim| victim.pages.len()) {
            pages if pages > 0 && self.free <= i64::from(self.world.zone.high) => {
                Look::Missed(pages)
            }
            _ => Look::Over,
        }
    }
}

impl Victim {
    fn note(&mut self, index: usize, event: &Event) {
        match event.kind {
            EventKind::Unmap { page, .. } => _ = self.pages.remove(&page),
            EventKind::Map { page, frame } if frame > 0 => _ = self.pages.insert(page),
            EventKind::SetFlag { was } if is_skip(event) => {
                if !was {
                    self.skipped = Some((index, event.actor));
                }
                self.left |= event.actor.is(Role::Reaper);
            }
            EventKind::SetFlag { .. } | EventKind::Skip(_) if event.actor.is(Role::Reaper) => {
                self.note_pass(index, event);
            }
            _ => {}
        }
    }

    /// What the reaper does; who else makes a pass does not wait, and may come back in another way.
    fn note_pass(&mut self, index: usize, event: &Event) {
        match event.kind {
            EventKind::SetFlag { .. } if event.site.noun() == MMF_UNSTABLE => {
                self.pass_ends(Pass::Reaped, 0);
            }
            EventKind::Skip(SkipReason::AlreadySkipped) => {}
            EventKind::Skip(reason) => {
                self.pass_ends(Pass::Skipped(index, reason), nap_after(reason))
            }
            _ => {}
        }
    }

    fn pass_ends(&mut self, pass: Pass, waited: u32) {
        if !self.left {
            self.pass = pass;
            self.waited += waited;
        }
    }

    /// Whether the reaper was the first who gave up on it.
    pub fn is_left_by_reaper(&self) -> bool {
        self.skipped.is_some_and(|(_, actor)| actor.is(Role::Reaper))
    }

    /// Whether it was given up on although neither policy nor pid 1 asks for it: policy is that the reaper
    /// waits for a second.
    pub fn is_premature(&self) -> bool {
        let Some((_, actor)) = self.skipped else { return false };
        let waited = self.is_left_by_reaper() && self.waited >= HZ;
        !waited && actor.role != Role::OomKiller
    }
}

/// Whether an event may say anything about victims' memory; most do not. No branches, which nobody could predict.
fn tells(event: &Event) -> bool {
    let is_search = event.actor.role == Role::Search;
    let tells = matches!(
        event.kind,
        EventKind::OomMm
            | EventKind::AllocateFrames { .. }
            | EventKind::FreeFrames { .. }
            | EventKind::OomRequest { .. }
            | EventKind::TestFlag { .. }
            | EventKind::SetFlag { .. }
            | EventKind::Map { .. }
            | EventKind::Unmap { .. }
            | EventKind::Skip(_)
    );
    tells | (matches!(event.kind, EventKind::Enter) & is_search)
}

fn is_skip(event: &Event) -> bool {
    event.site.noun() == MMF_OOM_SKIP
}

/// How long the reaper sleeps after a pass that it skipped.
fn nap_after(reason: SkipReason) -> u32 {
    match reason {
        SkipReason::LockBusy => HZ / 10,
        SkipReason::Notifier => HZ,
        SkipReason::NoUsers | SkipReason::AlreadySkipped => 0,
    }
}
