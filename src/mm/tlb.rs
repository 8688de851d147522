//! TLBs: translations that each thread's CPU has cached, and that outlive the page-table entry until a
//! flush.

use super::Mm;
use crate::memory::{Handle, Place};
use crate::page::Frame;
use crate::sync::point::{Access, point};
use crate::sync::thread::Tid;
use crate::world::{World, world};

/// A cached translation.
#[derive(Clone, Copy, Debug)]
pub struct Translation {
    /// The CPU, which is the thread that runs on it.
    pub thread: Tid,
    /// The address space.
    pub mm: Handle<Mm>,
    /// The page.
    pub page: u32,
    /// The frame.
    pub frame: Frame,
    /// Whether stores are allowed.
    pub writable: bool,
    /// Where it was cached.
    pub cached: Place,
}

/// The TLBs of all CPUs.
#[derive(Debug, Default)]
pub struct Tlbs {
    entries: Vec<Translation>,
    /// Whether finishing a full-mm gather relies on the address space never being used again.
    pub lazy: bool,
}

impl Tlbs {
    /// Empties all TLBs.
    pub fn reset(&mut self) {
        let Tlbs { entries, lazy } = self;
        entries.clear();
        *lazy = false;
    }

    /// What a CPU has cached for a page.
    pub fn lookup(&self, thread: Tid, mm: Handle<Mm>, page: u32) -> Option<Translation> {
        let hit = |t: &&Translation| t.thread == thread && t.mm == mm && t.page == page;
        self.entries.iter().find(hit).copied()
    }

    /// Caches a translation in place of an older one.
    pub fn fill(&mut self, new: Translation) {
        self.entries.retain(|t| !(t.thread == new.thread && t.mm == new.mm && t.page == new.page));
        self.entries.push(new);
    }

    /// Where a translation to the frame was cached, if there is one: of several, on the first CPU.
    pub fn translation_to(&self, frame: Frame) -> Option<Place> {
        let cached = self.entries.iter().filter(|t| t.frame == frame);
        cached.min_by_key(|t| (t.thread, t.page)).map(|t| t.cached)
    }
}

/// `flush_tlb_mm`: no CPU keeps a translation of the address space.
pub fn flush_tlb_mm(mm: Handle<Mm>) {
    point(mm.object(), Access::Update, "flush_tlb_mm", "tlb");
    world(|w| w.forget_translations(|t| t.mm == mm));
    crate::trace::record(mm.object(), crate::trace::EventKind::Write);
}

/// `enter_lazy_tlb`: this CPU will not use the address space again.
pub fn enter_lazy_tlb(mm: Handle<Mm>) {
    world(|w| {
        let me = w.running_tid();
        w.forget_translations(|t| t.thread == me && t.mm == mm);
    });
}

impl World {
    fn forget_translations(&mut self, gone: impl Fn(&Translation) -> bool) {
        let (entries, footprint) = (&mut self.tlbs.entries, &mut self.footprint);
        entries.retain(|translation| {
            let gone = gone(translation);
            if gone {
                footprint.touch(translation.frame.object(), "tlb", Access::Write);
                footprint.touch(translation.mm.object(), "tlb", Access::Write);
            }
            !gone
        });
    }
}
