//! What the kernel asserts: for each assertion that is modelled a program with which it speaks.

use super::programs::{frame, mm, verdict};
use mmreap::aio::kill_ioctx::kill_ioctx;
use mmreap::aio::{Waiter, io_setup};
use mmreap::boot;
use mmreap::exit::do_exit::do_exit;
use mmreap::exit::exit_notify::do_notify_parent;
use mmreap::exit::mmput_final::mmput_final;
use mmreap::khugepaged::{khugepaged, khugepaged_enter};
use mmreap::memory::{Assertion, Handle, allocate, read};
use mmreap::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use mmreap::mm::memory::{page_add_new_anon_rmap, unmap_page_range, unmap_vmas, zap_page_range};
use mmreap::mm::mmap::{VmaPlan, insert_vma};
use mmreap::mm::pgtable::{Entry, Level, Slot, alloc, pgd_offset, pmd_index};
use mmreap::mm::secondary::{self, Release, SecondaryMmu};
use mmreap::mm::vma::{VmFlag, Vma};
use mmreap::mm::{Mm, MmFlag, mm_alloc, mmdrop};
use mmreap::page::Frame;
use mmreap::scan_list::Scanner;
use mmreap::syscall::uaccess::user_store;
use mmreap::task::{Task, current, new_task, put_task_struct};
use mmreap::world::world;
use std::collections::BTreeSet;

/// An assertion, the kind of object that it is about, and threads that bring it about.
type Row = (Assertion, &'static str, &'static [fn()]);

const ROWS: [Row; 14] = [
    (Assertion::MM_USERS, "mm", &[|| mmput_final(mm())]),
    (Assertion::ACTIVE_MM, "mm", &[exit_with_another_mm]),
    (Assertion::NOTIFY_PARENT, "task", &[tell_of_a_process_that_lives]),
    (Assertion::EXIT_STATE, "task", &[put_a_task_that_lives]),
    (Assertion::IOCTX_TABLE, "kioctx", &[kill_a_context_elsewhere]),
    (Assertion::NOTIFIERS, "mm", &[drop_what_has_notifiers]),
    (Assertion::MM_COUNT, "mm", &[unregister_from_what_nobody_holds]),
    (Assertion::MM_COUNT, "mm", &[|| secondary::put(mmu_of_another()), drop_the_other]),
    (Assertion::RANGE, "vma", &[unmap_nothing]),
    (Assertion::ADDRESS, "vma", &[|| page_add_new_anon_rmap(heap(), 9, frame())]),
    (Assertion::MM_SLOT, "mm", &[|| scan(4, || ()), move_on]),
    (Assertion::COLLAPSE_FLUSH, "page_table", &[|| scan(4, || ()), make_it_huge]),
    (Assertion::PMD_NONE, "page_table", &[|| scan(4, || ()), fill_it]),
    (Assertion::COPY_MAPCOUNT, "page", &[|| scan(4, map_it_twice)]),
];

#[test]
fn each_assertion_speaks() {
    for (assertion, object, bodies) in ROWS {
        let Assertion { function, verb, condition } = assertion;
        assert_eq!(verdict(bodies), format!("O-BUG {object} {function}/{verb}({condition})"));
    }
}

#[test]
fn every_assertion_has_a_program() {
    let name = |assertion: &Assertion| (assertion.function, assertion.condition);
    let shown: BTreeSet<_> = ROWS.iter().map(|(assertion, ..)| name(assertion)).collect();
    assert_eq!(shown, Assertion::ALL.iter().map(name).collect());
}

/// Only the reaper does not look whether there is something to unmap: [`unmap_nothing`].
#[test]
fn an_empty_mapping_is_passed_over_by_all_but_the_reaper() {
    let zap_nothing = || {
        heap().poke(|vma| vma.end = vma.start);
        let gather = tlb_gather_mmu(mm(), false);
        zap_page_range(gather, heap());
        unmap_vmas(gather, heap());
        tlb_finish_mmu(gather);
    };
    assert_eq!(verdict(&[zap_nothing]), "pass");
}

/// Two halves of huge pages: khugepaged looks at whole ones only.
#[test]
fn khugepaged_passes_over_what_is_no_whole_huge_page() {
    assert_eq!(verdict(&[|| scan(2, || ())]), "pass");
}

fn exit_with_another_mm() {
    current().poke(|task| task.active_mm = None);
    do_exit();
}

/// A process whose only task nobody runs.
fn idle() -> Handle<Task> {
    new_task(boot::process("idle".into(), 0), "idle".into(), 0)
}

fn tell_of_a_process_that_lives() {
    let leader = idle();
    new_task(leader.peek(|leader| leader.signal), "second".into(), 0);
    do_notify_parent(leader);
}

fn put_a_task_that_lives() {
    let task = idle();
    (0..2).for_each(|_| put_task_struct(task));
}

fn kill_a_context_elsewhere() {
    io_setup(mm(), 0);
    let ctx = mm().peek(|mm| mm.ioctx_table[0]).expect("a context in the first slot");
    kill_ioctx(mm(), 1, ctx, allocate(Waiter { count: 1, done: false }));
}

fn drop_what_has_notifiers() {
    let mm = mm_alloc();
    secondary::open(mm, Release::Plain);
    mm.poke(|mm| mm.count = 1);
    mmdrop(mm);
}

/// A secondary MMU of an address space that only it holds.
fn mmu_of_another() -> Handle<SecondaryMmu> {
    let mm = mm_alloc();
    let mmu = secondary::open(mm, Release::Plain);
    mm.poke(|mm| mm.count = 1);
    mmu
}

fn unregister_from_what_nobody_holds() {
    let mmu = mmu_of_another();
    mmu.peek(|mmu| mmu.mm).poke(|mm| mm.count = 0);
    secondary::put(mmu);
}

/// The address space loses its last reference after the notifier has left its list.
fn drop_the_other() {
    let mmu = loop {
        let opened = world(|w| w.mmus.live().next().map(|(mmu, _)| mmu));
        if opened.is_some_and(|mmu| read(mmu, "hlist", |mmu| !mmu.hashed)) {
            break opened;
        }
        read(current(), "mm", |_| ());
    };
    let mm: Option<Handle<Mm>> = mmu.map(|mmu| mmu.peek(|mmu| mmu.mm));
    mm.into_iter().for_each(|mm| mm.poke(|mm| mm.count = 0));
}

fn heap() -> Handle<Vma> {
    mm().peek(|mm| mm.mmap).expect("a mapping at page 0")
}

fn unmap_nothing() {
    heap().poke(|vma| vma.end = vma.start);
    unmap_page_range(tlb_gather_mmu(mm(), false), heap());
}

/// khugepaged looks at a range for huge pages that has small ones.
fn scan(start: u32, prepare: fn()) {
    let flags = VmFlag::Hugepage.mask();
    let plan = VmaPlan { name: "huge".into(), start, pages: 4, flags: 0, file: false };
    let vma = insert_vma(mm(), &plan);
    (start..start + 4).for_each(|page| user_store(mm(), page, 1).expect("there is memory"));
    vma.poke(|vma| vma.flags = flags);
    prepare();
    khugepaged_enter(mm());
    khugepaged();
}

/// The entry of the middle level for the range at page 4 of the first thread's address space.
fn pmd() -> Slot {
    let first = world(|w| w.threads()[1].task).expect("the first thread runs a task");
    let mm = first.peek(|task| task.mm).expect("it has an address space");
    match pgd_offset(mm, 4).peek() {
        Entry::Table(table) => Slot { table, index: pmd_index(4) },
        other => panic!("page 4 is below {other:?}"),
    }
}

/// Waits until the first thread is about to do something in a function, for the first or a later time.
fn wait_until(function: &str, verb: &str, nth: u32) {
    let (mut seen, mut last) = (0, 0);
    while seen < nth {
        read(current(), "mm", |_| ());
        let (site, operations) = world(|w| {
            let first = &w.threads()[1];
            (first.site(), first.operations)
        });
        if (site.function(), site.verb()) == (function, verb) && operations != last {
            (seen, last) = (seen + 1, operations);
        }
    }
}

fn move_on() {
    wait_until("khugepaged_scan_mm_slot", "spin_lock", 1);
    let scanned = world(|w| w.khugepaged.registered()[0]);
    Scanner { list: |w| &mut w.khugepaged, flag: MmFlag::VmHugepage }.advance(scanned);
}

fn make_it_huge() {
    wait_until("collapse_huge_page", "spin_lock", 1);
    pmd().set(Entry::Huge([Frame(1); 4]));
}

fn fill_it() {
    wait_until("collapse_huge_page", "spin_lock", 3);
    pmd().set(Entry::Table(alloc(Level::Pte)));
}

fn map_it_twice() {
    world(|w| {
        let frames: Vec<Frame> = w.zone.allocated().map(|(frame, _)| frame).collect();
        frames.into_iter().for_each(|frame| w.zone.get(frame).mapcount = 2);
    });
}
