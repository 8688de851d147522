//! Secondary MMUs: somebody else's page tables for the same memory, such as a hypervisor's for its guest.
//!
//! A driver keeps *shadow* entries that it copied from the page tables, without a reference on the page, and its
//! MMU notifier tells it when to drop them. What is modelled is the scheme of KVM (virt/kvm/kvm_main.c), which others
//! share: a fault notes a sequence number, looks the page up, and installs what it found unless an
//! invalidation is going on or has ended meanwhile. Each callback does under the driver's spinlock what it does,
//! so it is one step here. Not this kind: an IOMMU that walks the page tables themselves, whose TLB is flushed
//! with those of the CPUs.
//!
//! `release` may have to wait for the driver, as those of graphics drivers do.

use super::Mm;
use super::mmu_notifier::{mmu_notifier_register, mmu_notifier_unregister};
use crate::memory::{Handle, Place, Violation, allocate, free, report};
use crate::page::Frame;
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::point::{Access, point};
use crate::sync::wait::{complete, wait_event_killable};
use crate::trace::noun::MM;
use crate::trace::{EventKind, Function, Kind, ObjectRef, enter, record};
use crate::workqueue::flush_scheduled_work;
use crate::world::{World, world};
use std::ops::Range;

/// The shadow entries, and what protects them against invalidations.
pub const SPTE: &str = "spte";

/// What `release` waits for before it drops what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// Nothing.
    #[default]
    Plain,
    /// A mutex that the driver has for all its MMUs, and holds when it resolves a fault of any.
    Lock,
    /// All work that is queued.
    Flush,
}

/// A shadow entry.
#[derive(Clone, Copy, Debug)]
pub struct Spte {
    /// The page.
    pub page: u32,
    /// The frame; `None` is the zero page.
    pub frame: Option<Frame>,
    /// Whether stores are allowed.
    pub writable: bool,
    /// Where it was installed.
    pub mapped: Place,
}

/// A secondary MMU, with its MMU notifier.
#[derive(Debug)]
pub struct SecondaryMmu {
    /// The address space.
    pub mm: Handle<Mm>,
    /// `hlist`: the next notifier of the address space.
    pub next: Option<Handle<SecondaryMmu>>,
    /// Whether it is on the list.
    pub hashed: bool,
    /// Those who use it, and the process that has it open.
    pub users: i32,
    /// What `release` waits for.
    pub release: Release,
    /// Invalidations that are going on.
    pub invalidations: i32,
    /// Where the latest of them began.
    pub invalidated: Place,
    /// Invalidations that have ended.
    seq: u32,
    shadow: Vec<Spte>,
}

impl SecondaryMmu {
    /// The shadow entry of a page.
    pub fn spte(&self, page: u32) -> Option<Spte> {
        self.shadow.iter().find(|spte| spte.page == page).copied()
    }
}

impl World {
    /// Where a secondary MMU mapped the frame, if one still does.
    pub(crate) fn shadowed(&mut self, frame: Frame) -> Option<Place> {
        let mut sptes = self.mmus.live().flat_map(|(_, mmu)| &mmu.shadow);
        let mapped = sptes.find(|spte| spte.frame == Some(frame)).map(|spte| spte.mapped);
        if self.mmus.all().next().is_some() {
            self.footprint.touch(frame.object(), SPTE, Access::Read);
        }
        mapped
    }
}

/// A secondary MMU of an address space, at boot; the caller has it open.
pub fn open(mm: Handle<Mm>, release: Release) -> Handle<SecondaryMmu> {
    let mmu = allocate(SecondaryMmu {
        mm,
        next: None,
        hashed: false,
        users: 1,
        release,
        invalidations: 0,
        invalidated: Place::default(),
        seq: 0,
        shadow: Vec::new(),
    });
    mmu_notifier_register(mmu, mm);
    if release == Release::Lock {
        let object = ObjectRef::sole(Kind::MmuDriver);
        world(|w| _ = w.driver_lock.get_or_insert_with(|| w.locks.add("driver_lock", object)));
    }
    mmu
}

/// Drops a reference on it: the last user unregisters its notifier, and frees it.
pub fn put(mmu: Handle<SecondaryMmu>) {
    if atomic_dec_and_test(mmu, "users", |mmu| &mut mmu.users) {
        let _call = enter("mmu_destroy");
        let mm = mmu.peek_at(MM, |mmu| mmu.mm);
        mmu_notifier_unregister(mmu, mm);
        free(mmu);
    }
}

/// `invalidate_range_start`: the pages are lost, and no fault installs any entry until the end.
pub fn invalidate_range_start(mmu: Handle<SecondaryMmu>, pages: &Range<u32>) {
    point(mmu.object(), Access::Update, "invalidate_range_start", SPTE);
    let here = world(|w| w.here());
    mmu.poke_at(SPTE, |mmu| {
        mmu.invalidations += 1;
        mmu.invalidated = here;
    });
    record(mmu.object(), EventKind::Write);
    zap(mmu, pages);
}

/// `invalidate_range_end`: faults that began before have to be tried again.
pub fn invalidate_range_end(mmu: Handle<SecondaryMmu>) {
    let _call = enter("invalidate_range_end");
    complete(mmu.object(), SPTE, || {
        let invalidations = mmu.poke_at(SPTE, |mmu| {
            mmu.seq += 1;
            mmu.invalidations -= 1;
            mmu.invalidations
        });
        if invalidations < 0 {
            let used = world(|w| w.here());
            report(Violation::Underflow { object: mmu.object(), used });
        }
    });
}

/// A driver's `release`, in traces.
pub const MMU_RELEASE: Function = Function::new("mmu_release");

/// `release`: everything is lost. Whoever could cause a fault has let go of the address space or of the MMU.
pub fn release(mmu: Handle<SecondaryMmu>) {
    let _call = enter(MMU_RELEASE);
    with_driver_lock(mmu, || {
        if mmu.peek(|mmu| mmu.release) == Release::Flush {
            flush_scheduled_work();
        }
        point(mmu.object(), Access::Update, "release", SPTE);
        zap(mmu, &(0..u32::MAX));
    });
}

/// Does it with the driver's mutex, if this one's driver has one.
pub fn with_driver_lock<R>(mmu: Handle<SecondaryMmu>, action: impl FnOnce() -> R) -> R {
    let has_lock = mmu.peek(|mmu| mmu.release) == Release::Lock;
    let lock = world(|w| w.driver_lock).filter(|_| has_lock);
    lock.into_iter().for_each(mutex_lock);
    let result = action();
    lock.into_iter().for_each(mutex_unlock);
    result
}

fn zap(mmu: Handle<SecondaryMmu>, pages: &Range<u32>) {
    let gone = mmu.poke_at(SPTE, |mmu| {
        let gone: Vec<_> = mmu.shadow.extract_if(.., |spte| pages.contains(&spte.page)).collect();
        gone
    });
    let mm = mmu.peek_at(MM, |mmu| mmu.mm);
    for Spte { page, frame, .. } in gone {
        touch(frame, Access::Write);
        record(mm.object(), EventKind::Unshadow { frame: number(frame), page });
    }
}

/// The number of invalidations that have ended, once none is going on; `None` if a fatal signal came first.
/// The driver sends its guest back to fault again, until then in vain.
pub fn read_seq(mmu: Handle<SecondaryMmu>) -> Option<u32> {
    let settled = || mmu.peek_at(SPTE, |mmu| mmu.invalidations == 0);
    let settled = wait_event_killable(mmu.object(), SPTE, settled);
    settled.then(|| mmu.peek_at(SPTE, |mmu| mmu.seq))
}

/// Installs what was found since [`read_seq`], unless it may be out of date.
pub fn set_spte(
    mmu: Handle<SecondaryMmu>,
    seq: u32,
    page: u32,
    frame: Option<Frame>,
    writable: bool,
) {
    point(mmu.object(), Access::Update, "set_spte", SPTE);
    if mmu.peek_at(SPTE, |mmu| mmu.invalidations > 0 || mmu.seq != seq) {
        return;
    }
    let mapped = world(|w| w.here());
    mmu.poke_at(SPTE, |mmu| {
        mmu.shadow.retain(|spte| spte.page != page);
        mmu.shadow.push(Spte { page, frame, writable, mapped });
    });
    touch(frame, Access::Add);
    let mm = mmu.peek_at(MM, |mmu| mmu.mm);
    record(mm.object(), EventKind::Shadow { frame: number(frame), page });
}

fn touch(frame: Option<Frame>, access: Access) {
    let frame = frame.into_iter();
    frame.for_each(|frame| world(|w| w.footprint.touch(frame.object(), SPTE, access)));
}

fn number(frame: Option<Frame>) -> u32 {
    frame.map_or(0, |frame| u32::from(frame.0))
}
