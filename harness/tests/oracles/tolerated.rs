//! What looks like a failure and is policy: each case has a second kill, or a read of other data, that
//! the oracle's head declares to be fine. Every test first makes sure that it really happened.

use crate::common::{case, run, sample};
use mmreap::trace::{Event, SkipReason, What};
use mmreap::world::world;

/// Runs the case, which must pass, and says how many kills and skips it had.
fn passes(text: &str) -> (usize, Vec<SkipReason>) {
    let case = case(text);
    let outcome = run(&case);
    assert_eq!(outcome.failure, None, "{case}");
    let events = world(|w| w.log.clone());
    let skips = events.iter().filter_map(|event| match event.what {
        What::Skip(reason) => Some(reason),
        _ => None,
    });
    (events.iter().filter(|event| event.what == What::Kill).count(), skips.collect())
}

/// Somebody holds `mmap_sem` all the time. After ten attempts the reaper gives up, although the victim
/// frees its memory two seconds later.
#[test]
fn giving_up_after_a_second() {
    let (kills, skips) = passes(
        "kernel v4.15
         machine frames 16 min 1 high 2
         process victim adj 500
           vma heap anon 4 pages
           aio ring
           thread main: io_submit ring after 300
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 10
         fault fail_trylock times 10 task-filter oom_reaper
         schedule in_order
           run victim
        ",
    );
    assert_eq!(kills, 2);
    assert_eq!(skips[..10], [SkipReason::LockBusy; 10]);
}

/// The reaper does not touch an address space with a notifier: one nap of a second is all it gets.
#[test]
fn notifier_nap() {
    let (kills, skips) = passes(
        "kernel v4.14
         machine frames 16 min 1 high 2
         process victim adj 500 notifiers 1
           vma heap anon 4 pages
           aio ring
           thread main: io_submit ring after 300
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 10
         schedule in_order
           run victim
        ",
    );
    assert_eq!((kills, skips[0]), (2, SkipReason::Notifier));
}

/// Who asks for a kill by hand does not wait for earlier victims, here one that was skipped too early.
#[test]
fn kill_by_hand() {
    let (kills, skips) = passes(
        "kernel v4.13
         machine frames 10 min 1 high 5 time any
         process victim adj 500
           vma heap anon 4 pages
           thread main:
         process bystander
           vma heap anon 4 pages
           thread main:
         kthread killer
           thread main: sysrq_f; sysrq_f
         schedule in_order
           run killer
           run victim until exit_mmap
           run clock
           run killer until moom_callback/mutex_lock(oom_lock)
           run oom_reaper
           run killer
        ",
    );
    assert_eq!((kills, skips[0]), (2, SkipReason::NoUsers));
}

/// pid 1 cannot be killed, so what it shares is given up on at once.
#[test]
fn init_shares_the_address_space() {
    let (kills, _) = passes(
        "kernel v4.15
         machine frames 16 min 1 high 2
         process init
           vma heap anon 4 pages
           thread main: sleep 50; exit
         process victim shares init adj 500
           thread main:
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 10
        ",
    );
    assert_eq!(kills, 2);
}

/// It is no use to a thread that shares it, either, which kills somebody else although it is to die itself.
#[test]
fn a_thread_asks_whose_address_space_init_shares() {
    let (kills, _) = passes(
        "kernel v4.15
         machine frames 16 min 1 high 2
         process init
           vma heap anon 4 pages
           thread main: sleep 50; exit
         process victim shares init adj 500
           thread main: alloc 12
         process bystander
           vma heap anon 4 pages
           thread main:
        ",
    );
    let asked = world(|w| {
        let asks = |event: &&Event| matches!(event.what, What::OomRequest { .. });
        w.log.iter().filter(asks).map(|event| event.thread).collect::<Vec<_>>()
    });
    assert_eq!((kills, asked.len()), (2, 2));
    assert_eq!(asked[0], asked[1]);
}

/// A thread of a victim gets no reserves, because a kernel thread uses the address space, and waits for the
/// reaper as anybody would. When that has given up, after a second, it kills somebody else.
#[test]
fn a_thread_asks_after_a_second() {
    let (kills, skips) = passes(
        "kernel v4.9
         machine frames 16 min 1 high 2
         process victim adj 500
           vma heap anon 4 pages
           thread main:
           thread t2: alloc 12
         process bystander
           vma heap anon 4 pages
           thread main:
         kthread user
           thread main: use_mm victim; sleep 300
         fault fail_trylock times 10 task-filter oom_reaper
         schedule in_order
           run user
        ",
    );
    assert_eq!((kills, &skips[..10]), (2, &[SkipReason::LockBusy; 10][..]));
}

/// The victim's exit waits for a device that waits for memory: only the second kill lets it go on.
#[test]
fn second_kill_lets_the_first_victim_exit() {
    let (kills, skips) = passes(
        "kernel v4.13
         machine frames 16 min 1 high 2
         process victim adj 500
           vma heap anon 4 pages
           aio ring
           thread main: io_submit ring after_alloc
         process bystander
           vma heap anon 4 pages
           thread main:
         process hog adj -1000
           thread main: alloc 10
         schedule in_order
           run hog until __alloc_pages_slowpath
           run victim
        ",
    );
    assert_eq!((kills, skips[0]), (2, SkipReason::NoUsers));
}

/// B50: the last look at free memory comes before the search for a victim, and the search is slow.
#[test]
fn late_scan() {
    let (kills, _) = passes(
        "kernel v4.13
         machine frames 16 min 1 high 2 time any
         process victim adj 500
           vma heap anon 4 pages
           thread main:
         process bystander
           vma heap anon 4 pages
           thread main:
         process spender adj -1000
           thread main: alloc 3; free
         process hog adj -1000
           thread main: alloc 8
         schedule in_order
           run spender until entry_SYSCALL_64/put_page(free_pages)
           run hog
           run victim until exit_mmap
           run clock
           run hog
           run oom_reaper
           run clock
           run hog until select_bad_process
           run spender
           run hog
        ",
    );
    assert_eq!(kills, 2);
}

/// Reads race with stores and with giving the pages up: old content, new content and zeros are fine.
#[test]
fn madvise_races_with_reads() {
    let case = case(
        "kernel v4.15
         process victim
           vma heap anon 2 pages
           thread main: write heap; madvise heap; write heap; madvise heap
           thread t2: write heap; read heap; read heap
         process reader
           thread main: process_vm_readv victim heap; process_vm_readv victim heap
        ",
    );
    assert_eq!(sample(&case, "v4.15", 1, 400), [].into());
}
