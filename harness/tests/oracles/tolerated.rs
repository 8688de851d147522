//! What looks like a failure and is policy: each case has a second kill, or a read of other data, that
//! the oracle's head declares to be fine. Every test first makes sure that it really happened.

use crate::common::{case, run, sample};
use mmreap::release::RELEASES;
use mmreap::trace::{Event, EventKind, SkipReason};
use mmreap::world::World;
use mmreap_harness::prove::{Options, Verdict, prove};
use mmreap_harness::run::Run;

/// Runs the case, which must pass.
fn passing(text: &str) -> Run {
    let case = case(text);
    let run = run(&case);
    assert_eq!(run.failure, None, "{case}");
    run
}

/// The same, and how many kills and skips it had.
fn passes(text: &str) -> (usize, Vec<SkipReason>) {
    kills_and_skips(passing(text).world())
}

fn kills_and_skips(w: &World) -> (usize, Vec<SkipReason>) {
    let skips = w.log.iter().filter_map(|event| match event.kind {
        EventKind::Skip(reason) => Some(reason),
        _ => None,
    });
    (w.log.iter().filter(|event| event.kind == EventKind::Kill).count(), skips.collect())
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

/// A search by hand has chosen a victim, which is given up on while the search comes to a process that shares its
/// address space.
#[test]
fn given_up_between_two_looks() {
    let (kills, _) = passes(
        "kernel v4.15
         machine frames 4 min 1 high 2 time any
         process p1
           thread t1: vfork p2
         process p2 parent p1
           thread t1:
         kthread k1
           thread t1: sysrq_f; sysrq_f
         schedule in_order
           run p1
           run k1
           run clock
           run k1 until moom_callback/mutex_lock(oom_lock)
           run oom_reaper until oom_reap_task/write(oom_reaper_list)
           run k1 until oom_evaluate_task/test_bit(MMF_OOM_SKIP) nth 2
           run oom_reaper
        ",
    );
    assert_eq!(kills, 2);
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
    let run = passing(
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
    let asks = |event: &&Event| matches!(event.kind, EventKind::OomRequest { .. });
    let asked: Vec<_> = run.world().log.iter().filter(asks).map(|event| event.thread).collect();
    let (kills, _) = kills_and_skips(run.world());
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

/// What the reads of a run got, page by page.
fn contents(run: &Run) -> Vec<u32> {
    let read = |event: &Event| match event.kind {
        EventKind::UserRead { content, .. } => Some(content),
        _ => None,
    };
    run.world().log.iter().filter_map(read).collect()
}

/// A mapping is given up while the first store to it is under way, and the store is lost.
const LOST_STORE: &str = "kernel v4.15
process p1
  vma v1 anon 1 page unmapped
  thread t1: mmap v1; write v1; read v1
  thread t2: madvise v1
";

#[test]
fn zeros_in_a_fresh_mapping_that_is_given_up() {
    let schedule = "schedule in_order
           run p1 until handle_mm_fault/test_bit(MMF_UNSTABLE)
           run p1/t2
           run p1 until user_mode/load(user_memory)
           run p1/t2 until tlb_flush_mmu/put_page(free_pages)
           run p1";
    assert_eq!(contents(&passing(&format!("{LOST_STORE}{schedule}"))), [0]);
}

/// What a schedule shows and what a proof says is the same.
#[test]
fn no_schedule_of_a_fresh_mapping_that_is_given_up_fails() {
    let others = "kernel v4.15
         process p1
           vma v1 anon 1 page unmapped
           thread t1: mmap v1; madvise v1
           thread t2: sleep 1; write v1
           thread t3: sleep 1; write_file v1";
    for case in [case(LOST_STORE), case(others)] {
        for kernel in RELEASES {
            let proof = prove(&case, kernel, &Options::default(), &|_| true).expect("few threads");
            assert!(matches!(proof.verdict, Verdict::Clean), "{}: {case}", kernel.name);
            assert_eq!(sample(&case, kernel.name, 1, 100), [].into(), "{case}");
        }
    }
}

/// The same with a reader from outside, after the store and before the end of giving up.
#[test]
fn zeros_for_a_reader_from_outside() {
    for kernel in ["v4.13", "v4.14", "v4.15"] {
        let run = passing(&format!(
            "kernel {kernel}
             process p1
               vma v1 anon 1 page unmapped
               thread t1: mmap v1; write v1
               thread t2: madvise v1
               thread t3: process_vm_readv p1 v1
             schedule in_order
               run p1 until handle_mm_fault/test_bit(MMF_UNSTABLE)
               run p1/t2
               run p1
               run p1/t2 until tlb_flush_mmu
               run p1/t3
            "
        ));
        assert_eq!(contents(&run), [0], "{kernel}");
    }
}

/// What a mapping contained when it was made is known: file, shared memory and zeros, at boot and later.
#[test]
fn what_was_there_before_the_first_store() {
    for (kind, content) in [("anon", 0), ("file", 1_000_000), ("shared", 0)] {
        let (late, at_boot) = (" unmapped", "");
        for (unmapped, first) in [(late, "mmap v1"), (at_boot, "madvise v1")] {
            let run = passing(&format!(
                "kernel v4.15
                 process p1
                   vma v1 {kind} 1 page{unmapped}
                   thread t1: {first}; write_file v1
                 schedule in_order
                "
            ));
            // Shared memory that is mapped late has no pages in this machine.
            let expected =
                if (kind, unmapped) == ("shared", late) { &[][..] } else { &[content][..] };
            assert_eq!(contents(&run), expected, "{kind}{unmapped}");
        }
    }
}
