//! Checked memory, page tables, and the free list: what is freed is gone, and everything is freed.

mod common;

use common::{FRAMES, Machine, anon, mm, mm_of, note, run};
use mmreap::memory::{Violation, allocate, free};
use mmreap::mm::gather::tlb_gather_mmu;
use mmreap::mm::mmap::sys_munmap;
use mmreap::mm::pgtable::{Entry, hardware_walk};
use mmreap::mm::vma::VmFlag;
use mmreap::mm::{mm_alloc, mmdrop, mmgrab};
use mmreap::page::{Watermark, free_pages, get_page_from_freelist};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::schedule_timeout_uninterruptible as sleep;
use mmreap::trace::enter;
use mmreap::workqueue::mmdrop_async;
use mmreap::world::world;
use std::cell::Cell;

thread_local! {
    static SHARED: Cell<Option<mmreap::memory::Handle<mmreap::mm::Mm>>> = const { Cell::new(None) };
}

/// The report names three places in three threads: who allocated, who freed, who used.
#[test]
fn stale_handle_is_a_report_with_three_places() {
    let allocate = || {
        let _call = enter("allocator");
        SHARED.set(Some(mm_alloc()));
    };
    let drop_it = || {
        sleep(1);
        mmdrop(SHARED.get().expect("it was allocated before"));
    };
    let use_it = || {
        sleep(2);
        let _call = enter("user");
        SHARED.get().expect("it was allocated before").peek(|mm| mm.rss);
    };
    let mut machine = Machine::new();
    machine.run_mapped(3, &[], &[allocate, drop_it, use_it]);
    let violation = machine.world.violation;
    let Some(Violation::UseAfterFree { object, allocated, freed, used }) = violation else {
        panic!("{violation:?}");
    };
    assert_eq!(Some(object), SHARED.get().map(|mm| mm.object()));
    assert_eq!([allocated, freed, used].map(|place| place.thread), [1, 2, 3].map(Tid));
    let functions = [allocated, freed, used].map(|place| place.site.function());
    assert_eq!(functions, ["allocator", "__mmdrop", "user"]);
    assert!(allocated.event < freed.event && freed.event < used.event);
}

/// A reference that is dropped asynchronously is gone at once; only freeing the structure is left to the worker.
#[test]
fn mmdrop_async_drops_at_once() {
    let body = || {
        let mm = mm_alloc();
        mmgrab(mm);
        mmdrop_async(mm);
        let left = mm.peek(|mm| mm.count);
        mmdrop_async(mm);
        let left_to_worker = mm.is_live();
        sleep(1);
        note(&format!("{left} {left_to_worker} {}", mm.is_live()));
    };
    assert_eq!(run(1, &[body]), ["1 1 true false"]);
}

/// What was freed is not replaced: a stale handle cannot reach somebody else's object.
#[test]
fn freed_objects_stay_in_quarantine() {
    let body = || {
        let first = tlb_gather_mmu(mm(), false);
        free(first);
        let second = tlb_gather_mmu(mm(), false);
        note(&format!("{} {} {}", first == second, first.is_live(), second.is_live()));
        free(second);
    };
    assert_eq!(run(0, &[body]), ["0 false false true"]);
}

#[test]
fn freeing_twice_is_a_report() {
    let body = || {
        let gather = tlb_gather_mmu(mm(), false);
        free(gather);
        free(gather);
    };
    let mut machine = Machine::new();
    machine.run_mapped(0, &[], &[body]);
    assert!(matches!(machine.world.violation, Some(Violation::DoubleFree { .. })));
}

#[test]
fn allocating_is_invisible_until_published() {
    let body = || {
        let before = world(|w| w.step);
        let waiter = allocate(mmreap::aio::Waiter { count: 0, done: false });
        assert_eq!(world(|w| w.step), before);
        free(waiter);
    };
    run(0, &[body]);
}

/// Mappings that fill tables in part, cross their borders, and lie under different top-level entries.
fn mappings() -> Vec<mmreap::mm::mmap::VmaPlan> {
    let huge = VmFlag::Hugepage.mask();
    let locked = VmFlag::Locked.mask();
    vec![anon(0, 3, 0), anon(8, 6, locked), anon(16, 4, huge), anon(64, 1, 0)]
}

/// `nr_ptes` and `nr_pmds`.
fn tables() -> (i32, i32) {
    mm().peek(|mm| (mm.nr_ptes, mm.nr_pmds))
}

/// The table that lies deposited behind the huge page counts, too.
#[test]
fn mapping_counts_pages_and_tables() {
    let body = || {
        let rss = mm().peek(|mm| mm.rss);
        let mapped = (0..128).filter(|&page| hardware_walk(mm(), page) != Entry::None).count();
        note(&format!("{rss} {mapped} {:?}", tables()));
        sys_munmap(mm(), 8);
        note(&format!("{} {:?}", mm().peek(|mm| mm.rss), tables()));
        let gone = (8..14).all(|page| hardware_walk(mm(), page) == Entry::None);
        let stays = [0, 2, 16, 19, 64].iter().all(|&page| hardware_walk(mm(), page) != Entry::None);
        note(&format!("{gone} {stays}"));
    };
    let seen = Machine::new().run_mapped(0, &mappings(), &[body]);
    assert_eq!(seen, ["0 14 14 (5, 3)", "0 8 (3, 3)", "0 true true"]);
}

/// Pages of a huge page pool are nobody's resident memory, those of shared memory are.
#[test]
fn hugetlb_pages_are_not_resident() {
    let body = || {
        let rss = || mm().peek(|mm| mm.rss);
        note(&format!("{}", rss()));
        sys_munmap(mm(), 4);
        note(&format!("{}", rss()));
        sys_munmap(mm(), 0);
        note(&format!("{}", rss()));
    };
    let mappings = [anon(0, 3, VmFlag::Shared.mask()), anon(4, 4, VmFlag::Hugetlb.mask())];
    assert_eq!(Machine::new().run_mapped(0, &mappings, &[body]), ["0 3", "0 3", "0 0"]);
}

/// The tables of a mapping go with it, those of its neighbours under the same upper table stay.
#[test]
fn munmap_frees_only_its_own_tables() {
    let body = || {
        let tables = || world(|w| w.page_tables.live().count());
        let before = tables();
        sys_munmap(mm(), 8);
        note(&format!("{}", before - tables()));
        sys_munmap(mm(), 64);
        note(&format!("{}", before - tables()));
    };
    assert_eq!(Machine::new().run_mapped(0, &mappings(), &[body]), ["0 2", "0 4"]);
}

#[test]
fn exit_frees_everything() {
    let mut machine = Machine::new();
    for seed in 0..50 {
        machine.run_mapped(seed, &mappings(), &[|| (), || sleep(3)]);
        let w = &machine.world;
        assert_eq!(w.violation, None);
        let tables = w.page_tables.live().count();
        let objects = [w.mms.live().count(), w.vmas.live().count(), w.gathers.live().count()];
        assert_eq!((tables, objects), (0, [0; 3]), "seed {seed}");
        let counted = w.mms.all().map(|(_, mm)| (mm.rss, mm.nr_ptes, mm.nr_pmds));
        assert!(counted.into_iter().all(|counters| counters == (0, 0, 0)), "seed {seed}");
        assert_eq!((w.zone.free_frames(), w.zone.mlocked), (FRAMES, 0), "seed {seed}");
        assert_eq!(w.zone.allocated().count(), 0, "seed {seed}");
    }
}

#[test]
fn watermarks_keep_frames_back() {
    fn drain(watermark: Watermark) -> u16 {
        let taken: Vec<_> = std::iter::from_fn(|| get_page_from_freelist(watermark)).collect();
        let left = world(|w| w.zone.free_frames());
        free_pages(&taken);
        left
    }
    let body = || {
        let marks = [Watermark::High, Watermark::Min, Watermark::Oom, Watermark::None];
        note(&format!("{:?}", marks.map(drain)));
        note(&format!("{}", world(|w| w.zone.free_frames())));
    };
    assert_eq!(run(0, &[body]), ["0 [8, 4, 2, 0]", "0 32"]);
}

/// What is left over of the run before is not seen by the next.
#[test]
fn a_run_begins_with_a_new_world() {
    let body = || note(&format!("{} {}", mm_of(0).object(), world(|w| w.zone.free_frames())));
    let mut machine = Machine::new();
    assert_eq!(machine.run(0, &[body]), machine.run(5, &[body]));
    machine.run_mapped(0, &[], &[|| mmdrop(mm())]);
    assert!(machine.world.violation.is_some());
    assert_eq!(machine.run(0, &[body]), ["0 mm#1 32"]);
}
