//! Mistakes that no release makes: small programs that misuse the model.
//!
//! A program is a thread of a process with two pages of memory. The machine has no daemons, which nobody
//! misses, because nobody is killed.

use mmreap::boot::{self, MachinePlan};
use mmreap::exit::do_exit::do_exit;
use mmreap::exit::fork::mmput;
use mmreap::exit::mmput_final::MMPUT_FINAL;
use mmreap::memory::Handle;
use mmreap::mm::gather::{Gather, tlb_finish_mmu, tlb_gather_mmu};
use mmreap::mm::memory::{replace_page, unmap_page_range, zap_page_range};
use mmreap::mm::mmap::{VmaPlan, insert_vma, remove_vma, sys_mmap};
use mmreap::mm::mmu_notifier::{
    mmu_notifier_invalidate_range_end, mmu_notifier_invalidate_range_start,
};
use mmreap::mm::pgtable::{Entry, Level, alloc, hardware_walk};
use mmreap::mm::secondary::{Release, open};
use mmreap::mm::vma::Vma;
use mmreap::mm::{Mm, mm_alloc, mmap_sem, mmdrop, mmget, mmgrab};
use mmreap::oom::oom_reap_task;
use mmreap::oom::oom_reap_task_mm::oom_reap_task_mm;
use mmreap::oom::reaper::wake_oom_reaper;
use mmreap::oom::{exit_oom_victim, mark_oom_victim};
use mmreap::page::{Frame, free_pages, get_page, store};
use mmreap::page_alloc::{alloc_page, try_alloc_frames};
use mmreap::release::V4_15;
use mmreap::sync::bits::clear_bit;
use mmreap::sync::engine::{Candidate, Choose, Engine};
use mmreap::sync::mutex::{Mutex, mutex_lock, mutex_unlock};
use mmreap::sync::rwsem::{down_read, down_write, up_read, up_write};
use mmreap::sync::thread::Tid;
use mmreap::sync::time::schedule_timeout_killable;
use mmreap::syscall::guest::guest_write;
use mmreap::syscall::uaccess::{By, load};
use mmreap::task::{TaskFlag, current, get_task_struct, put_task_struct, task_lock};
use mmreap::trace::{enter, protocol};
use mmreap::workqueue::{kworker, mmdrop_async};
use mmreap::world::{World, world};
use mmreap_harness::oracle::judge;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static BODIES: RefCell<Vec<fn()>> = const { RefCell::new(Vec::new()) };
}

/// Switches to the next thread at every point, so that two threads go in step.
struct RoundRobin;

impl Choose for RoundRobin {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let after = |c: &&Candidate| current.is_some_and(|current| c.thread > current);
        candidates.iter().find(after).unwrap_or(&candidates[0]).thread
    }
}

fn main() {
    boot::machine(MachinePlan {
        frames: 16,
        min: 1,
        high: 2,
        any_time: false,
        lazy_tlb: false,
        empty_pmd_is_bad: true,
    });
    for number in 0..BODIES.with_borrow(Vec::len) {
        let mm = mm_alloc();
        let plan = VmaPlan { name: "heap".into(), start: 0, pages: 2, flags: 0, file: false };
        boot::vma(mm, &plan, 7);
        let name: Rc<str> = format!("p{number}").into();
        let signal = boot::process(name.clone(), 0);
        boot::task(signal, name, Some(mm), perform);
    }
    boot::run();
}

fn perform(thread: Tid) {
    let body = BODIES.with_borrow(|bodies| bodies[thread.index() - 1]);
    let _call = enter("program");
    body();
}

/// Runs threads in step, and returns what the oracles say.
pub(super) fn verdict(bodies: &[fn()]) -> String {
    BODIES.set(bodies.to_vec());
    let mut world = World::default();
    world.reset(&V4_15);
    Engine::new().run(&mut world, Rc::new(RefCell::new(RoundRobin)), main);
    judge(&world).map_or_else(|| "pass".to_string(), |failure| failure.signature.to_string())
}

pub(super) fn mm() -> Handle<Mm> {
    current().peek(|task| task.mm).expect("a process of these programs has an address space")
}

pub(super) fn frame() -> Frame {
    match hardware_walk(mm(), 0) {
        Entry::Page { frame, .. } => frame,
        other => panic!("page 0 is {other:?}"),
    }
}

#[test]
fn a_program_without_mistakes_passes() {
    assert_eq!(verdict(&[do_exit, do_exit]), "pass");
}

#[test]
fn mm_uaf() {
    assert_eq!(verdict(&[|| (mmdrop(mm()), do_exit()).1]), "O-MM-UAF mm exit_mm program");
}

#[test]
fn mm_uaf_after_one_mmput_too_many() {
    assert_eq!(verdict(&[|| (mmput(mm()), do_exit()).1]), "O-MM-UAF mm exit_mm __mmput");
}

#[test]
fn task_uaf() {
    let put_thrice = || (0..3).for_each(|_| put_task_struct(current()));
    assert_eq!(verdict(&[put_thrice]), "O-TASK-UAF task program program");
}

#[test]
fn double_free_of_a_page() {
    let twice = || {
        let frame = alloc_page().expect("there is memory");
        free_pages(&[frame]);
        free_pages(&[frame]);
    };
    assert_eq!(verdict(&[twice]), "O-DOUBLE page program program");
}

#[test]
fn double_put() {
    assert_eq!(verdict(&[|| mmput(mm_alloc())]), "O-DOUBLE mm mmput");
}

#[test]
fn double_unmap() {
    let unmap_twice = || (0..2).for_each(|_| replace_page(mm(), 0, frame()));
    assert_eq!(verdict(&[unmap_twice]), "O-DOUBLE page program");
}

#[test]
fn pagemap_mapped() {
    assert_eq!(verdict(&[|| free_pages(&[frame()])]), "O-PAGEMAP page program ");
}

#[test]
fn pagemap_free() {
    let stale = || {
        let frame = alloc_page().expect("there is memory");
        free_pages(&[frame]);
        store(frame, 1);
    };
    assert_eq!(verdict(&[stale]), "O-PAGEMAP page program program");
}

#[test]
fn pagemap_got_when_free() {
    let stale = || {
        let frame = alloc_page().expect("there is memory");
        free_pages(&[frame]);
        get_page(frame);
    };
    assert_eq!(verdict(&[stale]), "O-PAGEMAP page program program");
}

/// What the kernel follows without a look: the address space of a task that was queued without a mark, and
/// that of a task that is marked after it let go of it.
#[test]
fn oops_null_dereference() {
    assert_eq!(verdict(&[|| oom_reap_task::v4_9(current())]), "O-OOPS signal oom_reap_task");
    let mark_without_mm = || {
        current().poke(|task| task.mm = None);
        mark_oom_victim::v4_15(current());
    };
    assert_eq!(verdict(&[mark_without_mm]), "O-OOPS task mark_oom_victim");
}

#[test]
fn oops_soft_lockup() {
    let look_for_ever = || while mm().peek(|mm| mm.users > 0) {};
    assert_eq!(verdict(&[look_for_ever]), "O-OOPS none program");
}

#[test]
fn oops_stack_overflow() {
    fn call_itself() {
        let _call = enter("call_itself");
        if mm().peek(|mm| mm.users > 0) {
            call_itself();
        }
    }
    assert_eq!(verdict(&[call_itself]), "O-OOPS none program");
}

/// What a mapping contains is known from the moment that it is made.
#[test]
fn data_that_was_never_stored() {
    let spoil = || {
        let plan = VmaPlan { name: "late".into(), start: 8, pages: 1, flags: 0, file: true };
        sys_mmap(mm(), &plan);
        load(mm(), 8, By::User).expect("the file can be read");
        match hardware_walk(mm(), 8) {
            Entry::Page { frame, .. } => store(frame, 1),
            other => panic!("page 8 is {other:?}"),
        }
        load(mm(), 8, By::User).expect("the page is there");
        do_exit();
    };
    assert_eq!(verdict(&[spoil]), "O-DATA page do_fault_around");
}

#[test]
fn a_structure_that_waits_for_the_worker_is_no_leak_and_has_no_reference_left() {
    let drop_last = || (mmdrop_async(mm_alloc()), do_exit()).1;
    assert_eq!(verdict(&[drop_last]), "pass");
    let grab_late = || {
        let mm = mm_alloc();
        mmdrop_async(mm);
        mmgrab(mm);
        do_exit();
    };
    assert_eq!(verdict(&[grab_late]), "O-MM-UAF mm program");
}

#[test]
fn leaks() {
    let leak = |leak: fn()| verdict(&[leak]);
    assert_eq!(leak(|| (mmget(mm()), do_exit()).1), "O-LEAK mm mm_users");
    assert_eq!(leak(|| (mmgrab(mm()), do_exit()).1), "O-LEAK mm mm_count");
    let forget_structure = || {
        let mm = mm_alloc();
        mm.poke(|mm| mm.count = 0);
        do_exit();
    };
    assert_eq!(leak(forget_structure), "O-LEAK mm mm_struct");
    let miscount = || (mm().poke(|mm| mm.nr_ptes += 1), do_exit()).1;
    assert_eq!(leak(miscount), "O-LEAK mm nr_ptes");
    assert_eq!(leak(|| (tlb_gather_mmu(mm(), false), do_exit()).1), "O-LEAK mmu_gather mmu_gather");
    assert_eq!(leak(|| (alloc(Level::Pte), do_exit()).1), "O-LEAK page_table page_table");
    let forget_mapping = || {
        let plan = VmaPlan { name: "late".into(), start: 8, pages: 1, flags: 0, file: false };
        insert_vma(mm(), &plan);
        let first = mm().peek(|mm| mm.mmap).expect("a mapping at page 0");
        first.poke(|vma| vma.next = None);
        do_exit();
    };
    assert_eq!(leak(forget_mapping), "O-LEAK vma vm_area_struct");
    assert_eq!(leak(|| (get_task_struct(current()), do_exit()).1), "O-LEAK task usage");
    assert_eq!(leak(|| (alloc_page(), do_exit()).1), "O-LEAK page refcount");
    let forget_mmu = || (open(mm(), Release::Plain), do_exit()).1;
    assert_eq!(leak(forget_mmu), "O-LEAK secondary_mmu users");
}

/// The program has a secondary MMU, through which a guest stores to page 0.
fn run_guest() {
    let process = current().peek(|task| task.signal);
    boot::secondary_mmu(process, mm(), Release::Plain);
    guest_write(process, 0..1, 1).expect("nobody is killed");
}

/// What the reaper of v4.9 does: the page goes, and no notifier hears of it.
#[test]
fn notif_free() {
    fn unmap(zap: fn(Handle<Gather>, Handle<Vma>)) {
        run_guest();
        let gather = tlb_gather_mmu(mm(), false);
        zap(gather, mm().peek(|mm| mm.mmap).expect("a mapping at page 0"));
        tlb_finish_mmu(gather);
        do_exit();
    }
    assert_eq!(verdict(&[|| unmap(unmap_page_range)]), "O-NOTIF page program");
    assert_eq!(verdict(&[|| unmap(zap_page_range)]), "pass");
}

#[test]
fn notif_unpaired() {
    let begin = || {
        run_guest();
        mmu_notifier_invalidate_range_start(mm(), &(0..1));
    };
    assert_eq!(verdict(&[begin]), "O-NOTIF secondary_mmu program");
    let end = || {
        run_guest();
        mmu_notifier_invalidate_range_end(mm());
    };
    assert_eq!(verdict(&[end]), "O-DOUBLE secondary_mmu program");
}

/// Both see that the task is not queued before either queues it: `oom_lock` is what forbids this.
#[test]
fn list() {
    fn wake_first() {
        let first = world(|w| w.threads()[1].task).expect("the first thread runs a task");
        wake_oom_reaper(first);
    }
    let twice = "O-LIST oom_reaper_list wake_oom_reaper wake_oom_reaper";
    assert_eq!(verdict(&[wake_first, wake_first]), twice);
    assert_eq!(verdict(&[wake_first]), "O-LIST oom_reaper_list wake_oom_reaper");
}

/// A task that was never marked leaves; what is done about it later does not help.
#[test]
fn nv_negative() {
    let leave_then_mark = || {
        exit_oom_victim::v4_9(current());
        mark_oom_victim::v4_15(current());
        clear_bit(current(), TaskFlag::Memdie);
        do_exit();
    };
    assert_eq!(verdict(&[leave_then_mark]), "O-NV oom_killer exit_oom_victim");
}

#[test]
fn nv_not_the_number_of_marked_tasks() {
    let mark_and_forget = || {
        mark_oom_victim::v4_15(current());
        clear_bit(current(), TaskFlag::Memdie);
        do_exit();
    };
    assert_eq!(verdict(&[mark_and_forget]), "O-NV oom_killer mark_oom_victim");
}

#[test]
fn lock_misuse() {
    assert_eq!(verdict(&[|| up_read(mmap_sem(mm()))]), "O-LOCK mm program");
    let recursive = || (0..2).for_each(|_| down_read(mmap_sem(mm())));
    assert_eq!(verdict(&[recursive]), "O-LOCK mm program");
    let sleep = || {
        task_lock(current());
        schedule_timeout_killable(1);
    };
    assert_eq!(verdict(&[sleep]), "O-LOCK clock program");
    let at_exit = || {
        mutex_lock(world(|w| w.oom.oom_lock()));
        do_exit();
    };
    assert_eq!(verdict(&[at_exit]), "O-LOCK oom_killer do_exit");
    let after_work = || {
        down_read(mmap_sem(mm()));
        mmdrop_async(mm_alloc());
        kworker();
    };
    assert_eq!(verdict(&[after_work]), "O-LOCK mm program");
}

/// What may sleep does not do so each time, and is a mistake under a spinlock each time.
#[test]
fn might_sleep() {
    let put = || {
        mmget(mm());
        task_lock(current());
        mmput(mm());
    };
    assert_eq!(verdict(&[put]), "O-LOCK mm mmput");
    let remove = || {
        let plan = VmaPlan { name: "late".into(), start: 8, pages: 1, flags: 0, file: false };
        let vma = insert_vma(mm(), &plan);
        task_lock(current());
        remove_vma(vma);
    };
    assert_eq!(verdict(&[remove]), "O-LOCK vma program");
    let allocate = || {
        task_lock(current());
        alloc_page();
    };
    assert_eq!(verdict(&[allocate]), "O-LOCK zone program");
    let allocate_huge = || {
        task_lock(current());
        try_alloc_frames(4);
    };
    assert_eq!(verdict(&[allocate_huge]), "O-LOCK zone program");
}

/// Two threads, each with an order of its own: whoever is the second to take both, it is one failure.
#[test]
fn lock_order_of_two_threads() {
    fn oom_lock_first() {
        let call = protocol("first", current().object());
        let oom_lock = world(|w| w.oom.oom_lock());
        mutex_lock(oom_lock);
        down_read(mmap_sem(mm()));
        up_read(mmap_sem(mm()));
        mutex_unlock(oom_lock);
        drop(call);
        do_exit();
    }
    fn mmap_sem_first() {
        let call = protocol("second", current().object());
        let oom_lock = world(|w| w.oom.oom_lock());
        down_read(mmap_sem(mm()));
        mutex_lock(oom_lock);
        mutex_unlock(oom_lock);
        up_read(mmap_sem(mm()));
        drop(call);
        do_exit();
    }
    assert_eq!(verdict(&[oom_lock_first, mmap_sem_first]), "O-LOCK none first second");
    assert_eq!(verdict(&[mmap_sem_first, oom_lock_first]), "O-LOCK none first second");
}

/// Somebody else than the reaper takes pages away, and signatures say so.
#[test]
fn pass_that_is_not_the_reapers() {
    let reaps_itself = || {
        oom_reap_task_mm(current(), mm());
        _ = load(mm(), 0, By::User);
    };
    assert_eq!(verdict(&[reaps_itself]), "O-DATA page program __oom_reap_task_mm/by(task)");
}

/// Where a thread is when a run has used up its decisions is chance.
#[test]
fn endless() {
    let exits_for_ever = || {
        let _call = protocol(MMPUT_FINAL, mm().object());
        loop {
            get_task_struct(current());
            put_task_struct(current());
        }
    };
    assert_eq!(verdict(&[exits_for_ever]), "O-LIVE oom_killer");
}

/// More classes than a word has bits; the last two are taken both ways.
#[test]
fn lock_order_of_many_classes() {
    fn locks() -> Vec<Mutex> {
        const NAMES: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..NAMES.len()).map(|at| Mutex::new(&NAMES[at..=at])).collect()
    }
    let one_order = || {
        let locks = locks();
        locks.iter().for_each(|&lock| mutex_lock(lock));
        locks.iter().for_each(|&lock| mutex_unlock(lock));
        do_exit();
    };
    let both_orders = || {
        let locks = locks();
        locks.iter().for_each(|&lock| mutex_lock(lock));
        locks.iter().for_each(|&lock| mutex_unlock(lock));
        let [.., before, last] = locks[..] else { unreachable!("there are many") };
        [last, before].into_iter().for_each(mutex_lock);
        [last, before].into_iter().for_each(mutex_unlock);
        do_exit();
    };
    assert_eq!(verdict(&[one_order]), "pass");
    assert_eq!(verdict(&[both_orders]), "O-LOCK none program program");
}

/// One thread takes both orders, one after the other, and never waits: the order alone is the mistake.
#[test]
fn lock_order() {
    let (a, b) = ("O-LOCK none program program", "pass");
    let both_orders = || {
        let oom_lock = world(|w| w.oom.oom_lock());
        mutex_lock(oom_lock);
        down_write(mmap_sem(mm()));
        up_write(mmap_sem(mm()));
        mutex_unlock(oom_lock);
        down_write(mmap_sem(mm()));
        mutex_lock(oom_lock);
        mutex_unlock(oom_lock);
        up_write(mmap_sem(mm()));
        do_exit();
    };
    let one_order = || {
        let oom_lock = world(|w| w.oom.oom_lock());
        for _ in 0..2 {
            mutex_lock(oom_lock);
            down_write(mmap_sem(mm()));
            up_write(mmap_sem(mm()));
            mutex_unlock(oom_lock);
        }
        do_exit();
    };
    assert_eq!(verdict(&[both_orders]), a);
    assert_eq!(verdict(&[one_order]), b);
}
