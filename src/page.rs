//! Page frames, the free list, and the watermarks of the machine's one zone.
//!
//! A frame is either free or allocated; the model notices when one is freed while it is mapped, while
//! a TLB translates to it, while a secondary MMU maps it, or twice. How an allocation goes on when the list is short is in
//! [`crate::page_alloc`].

use crate::inject::{FaultPoint, strikes};
use crate::memory::{Place, Violation, report};
use crate::sync::point::{Access, point};
use crate::trace::{EventKind, Kind, ObjectRef, record};
use crate::world::{World, world};

/// Names a page frame; numbers count from 1 as in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame(pub u16);

/// A page frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameState {
    /// How many page-table entries map it.
    pub mapcount: u16,
    /// References that keep it allocated: each mapping and each holder counts one.
    pub refcount: u16,
    /// What it contains.
    pub content: u32,
    /// Whether it counts as mlocked.
    pub mlocked: bool,
    /// Where it was allocated last.
    pub allocated: Place,
    /// Where it was mapped last.
    pub mapped: Place,
    /// Where it was unmapped last.
    pub unmapped: Place,
    /// Where it was freed last.
    pub freed: Place,
}

/// The memory of the machine.
#[derive(Debug, Default)]
pub struct Zone {
    frames: Vec<FrameState>,
    free: Vec<Frame>,
    /// Frames that only those who may use reserves get.
    pub min: u16,
    /// Frames that must be free for the last attempt before an OOM kill.
    pub high: u16,
    /// Pages that count as mlocked (`NR_MLOCK`).
    pub mlocked: i32,
}

impl Zone {
    /// Forgets all frames.
    pub fn reset(&mut self) {
        let Zone { frames, free, min, high, mlocked } = self;
        frames.clear();
        free.clear();
        (*min, *high, *mlocked) = (0, 0, 0);
    }

    /// Gives the zone its frames and watermarks.
    pub fn boot(&mut self, frames: u16, min: u16, high: u16) {
        self.frames.resize(usize::from(frames), FrameState::default());
        self.free.extend((1..=frames).rev().map(Frame));
        (self.min, self.high) = (min, high);
    }

    /// Number of free frames.
    pub fn free_frames(&self) -> u16 {
        self.free.len() as u16
    }

    /// Number of frames of the machine.
    pub fn total(&self) -> u16 {
        self.frames.len() as u16
    }

    /// The frame's state.
    pub fn get(&mut self, frame: Frame) -> &mut FrameState {
        &mut self.frames[usize::from(frame.0) - 1]
    }

    /// The frames that are allocated, with their states.
    pub fn allocated(&self) -> impl Iterator<Item = (Frame, &FrameState)> {
        let frames = self.frames.iter().enumerate().map(|(i, state)| (Frame(i as u16 + 1), state));
        frames.filter(|(_, state)| state.refcount > 0)
    }
}

impl Frame {
    /// The frame's name in events.
    pub fn object(self) -> ObjectRef {
        ObjectRef { kind: Kind::Page, serial: u32::from(self.0) }
    }
}

/// Who may take how many of the last frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermark {
    /// No watermark (`ALLOC_NO_WATERMARKS`).
    None,
    /// The minimum without its half, which is rounded down (`ALLOC_OOM`).
    Oom,
    /// The minimum.
    Min,
    /// The high watermark.
    High,
}

impl Watermark {
    /// Frames that must remain free after the allocation.
    pub fn frames(self, zone: &Zone) -> u16 {
        match self {
            Watermark::None => 0,
            Watermark::Oom => zone.min - zone.min / 2,
            Watermark::Min => zone.min,
            Watermark::High => zone.high,
        }
    }
}

/// What a zone has left.
const FREE_PAGES: &str = "free_pages";

/// `get_page_from_freelist`: a frame with one reference and content 0, if the watermark allows it.
pub fn get_page_from_freelist(watermark: Watermark) -> Option<Frame> {
    point(World::ZONE, Access::Put, "get_page_from_freelist", FREE_PAGES);
    if strikes(FaultPoint::PAGE_ALLOC) {
        return None;
    }
    let frame = world(|w| take(w, watermark))?;
    record(frame.object(), EventKind::AllocateFrames { frames: 1 });
    Some(frame)
}

/// Above the highest watermark, everybody gets a frame, and which one makes no difference. So who takes one that leaves
/// others there drops one of so many references; who finds none only looks.
fn take(w: &mut World, watermark: Watermark) -> Option<Frame> {
    let free = w.zone.free_frames();
    if free <= watermark.frames(&w.zone) {
        w.footprint.touch(World::ZONE, FREE_PAGES, Access::Read);
        return None;
    }
    let left = i32::from(free) - i32::from(Watermark::High.frames(&w.zone));
    w.footprint.touch(World::ZONE, FREE_PAGES, Access::put(left));
    let frame = w.zone.free.pop()?;
    let allocated = w.here();
    let freed = w.zone.get(frame).freed;
    *w.zone.get(frame) = FrameState { refcount: 1, allocated, freed, ..FrameState::default() };
    Some(frame)
}

/// `get_page`: one more reference. A frame that was freed in the meantime ends the run.
pub fn get_page(frame: Frame) {
    let state = world(|w| {
        w.footprint.touch(frame.object(), "refcount", Access::Add);
        let state = w.zone.get(frame);
        state.refcount += u16::from(state.refcount > 0);
        *state
    });
    must_be_allocated(frame, &state);
}

/// Whether somebody holds the frame besides the entry that maps it.
pub fn is_pinned(frame: Frame) -> bool {
    world(|w| {
        w.footprint.touch(frame.object(), "refcount", Access::Read);
        w.zone.get(frame).refcount > 1
    })
}

/// `page_mapcount`: how many entries map the frame.
pub fn mapcount(frame: Frame) -> u16 {
    world(|w| {
        w.footprint.touch(frame.object(), "mapcount", Access::Read);
        w.zone.get(frame).mapcount
    })
}

/// `mlock_vma_page`: the page counts as mlocked.
pub fn mlock_page(frame: Frame) {
    set_mlocked(frame, true);
}

/// `clear_page_mlock`: the page no longer counts as mlocked. Whether it did.
pub fn clear_page_mlock(frame: Frame) -> bool {
    set_mlocked(frame, false)
}

fn set_mlocked(frame: Frame, mlocked: bool) -> bool {
    world(|w| {
        w.footprint.touch(frame.object(), "mlocked", Access::Update);
        let was = std::mem::replace(&mut w.zone.get(frame).mlocked, mlocked);
        w.zone.mlocked += i32::from(mlocked) - i32::from(was);
        was
    })
}

/// `put_page`: drops references to frames in one step, and frees those without any left.
///
/// A frame that is mapped, or that a TLB or a secondary MMU translates to, must not become free: that ends the run.
pub fn free_pages(frames: &[Frame]) {
    if frames.is_empty() {
        return;
    }
    point(World::ZONE, Access::Add, "put_page", FREE_PAGES);
    let mut freed = 0;
    for &frame in frames {
        match world(|w| put(w, frame)) {
            Ok(last) => freed += u32::from(last),
            Err(violation) => report(*violation),
        }
    }
    if freed > 0 {
        record(World::ZONE, EventKind::FreeFrames { frames: freed });
    }
}

fn put(w: &mut World, frame: Frame) -> Result<bool, Box<Violation>> {
    let here = w.here();
    let object = frame.object();
    w.footprint.touch(object, "refcount", Access::Update);
    w.footprint.touch(object, "mapcount", Access::Read);
    w.footprint.touch(object, "tlb", Access::Read);
    let state = *w.zone.get(frame);
    if state.refcount == 0 {
        let (allocated, freed) = (state.allocated, state.freed);
        return Err(Box::new(Violation::DoubleFree { object, allocated, freed, again: here }));
    }
    w.zone.get(frame).refcount -= 1;
    if state.refcount > 1 {
        return Ok(false);
    }
    if state.mapcount > 0 {
        let mapped = state.mapped;
        return Err(Box::new(Violation::FreedWhileMapped { object, mapped, freed: here }));
    }
    if let Some(cached) = w.tlbs.translation_to(frame) {
        return Err(Box::new(Violation::StaleTranslation {
            object,
            cached,
            unmapped: state.unmapped,
            freed: here,
        }));
    }
    if let Some(mapped) = w.shadowed(frame) {
        let unmapped = state.unmapped;
        return Err(Box::new(Violation::Shadowed { object, mapped, unmapped, freed: here }));
    }
    w.zone.get(frame).freed = here;
    w.zone.free.push(frame);
    Ok(true)
}

/// Reads a frame's content. A frame that was freed in the meantime ends the run.
pub fn content(frame: Frame) -> u32 {
    check(frame);
    world(|w| {
        w.footprint.touch(frame.object(), "content", Access::Read);
        w.zone.get(frame).content
    })
}

/// Stores to a frame. A frame that was freed in the meantime ends the run.
pub fn store(frame: Frame, content: u32) {
    check(frame);
    world(|w| {
        w.footprint.touch(frame.object(), "content", Access::Write);
        w.zone.get(frame).content = content;
    });
}

fn check(frame: Frame) {
    let state = world(|w| {
        w.footprint.touch(frame.object(), "refcount", Access::Read);
        *w.zone.get(frame)
    });
    must_be_allocated(frame, &state);
}

fn must_be_allocated(frame: Frame, state: &FrameState) {
    if state.refcount == 0 {
        let used = world(|w| w.here());
        let (allocated, freed) = (state.allocated, state.freed);
        report(Violation::UseAfterFree { object: frame.object(), allocated, freed, used });
    }
}
