//! Secondary MMUs, and who tells them what.
//!
//! Before v4.14 the reaper takes pages away behind their backs; from v4.14 on it leaves alone every address space
//! that ever had an MMU notifier. Everybody else who takes pages away has always told them, so that those
//! cases pass on every release.

mod common;

use common::{case, kernel, run, sample};
use mmreap::release::RELEASES;
use mmreap::trace::{EventKind, SkipReason, Tracepoint};
use mmreap_harness::case::Case;
use mmreap_harness::corpus;
use mmreap_harness::prove::{Options, Verdict, prove};
use mmreap_harness::run::Runner;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs of each case on each release.
const RUNS: u64 = 600;

/// What is proven; `None` if it is that nothing happens.
fn proven(case: &Case, name: &str) -> Option<String> {
    let proof = prove(case, kernel(name), &Options::default(), &|_| true).expect("few threads");
    match proof.verdict {
        Verdict::Clean => None,
        Verdict::Found(_, failure) => Some(failure.signature.to_string()),
        Verdict::Stopped => panic!("nobody stops it"),
    }
}

/// Nothing is heard on any release.
fn is_silent(text: &str) {
    let case = case(text);
    for release in RELEASES {
        let heard = sample(&case, release.name, 1, RUNS);
        assert_eq!(heard, BTreeMap::new(), "{}: {case}", release.name);
    }
}

/// Nothing happens on any release, under any schedule.
fn is_proven_silent(text: &str) {
    let case = case(text);
    for release in RELEASES {
        assert_eq!(proven(&case, release.name), None, "{}: {case}", release.name);
    }
}

#[test]
fn the_reaper_frees_what_a_guest_still_maps_until_v4_14() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/sc_notif.mmreap");
    let case = corpus::load(&path).expect("the scenario can be read");
    let freed = Some("O-NOTIF page __oom_reap_task_mm".to_string());
    for (name, expected) in [
        ("v4.9", &freed),
        ("v4.13", &freed),
        ("v4.14", &None),
        ("v4.15", &None),
        ("v4.15+M36", &freed),
    ] {
        assert_eq!(proven(&case, name), *expected, "{name}");
    }
}

/// `munlock` of a huge page against the reaper, where there are notifiers.
const AFTER_RELEASE: &str = "
kernel v4.15
machine frames 9 min 1 high 2
process v notifiers 1
  vma a anon 4 pages locked huge
  aio ring
  thread t1: io_submit ring after 1
kthread k
  thread t1: sysrq_f
";

/// The secondary MMUs are gone long before the mm_struct is, and the reaper keeps off all the same.
#[test]
fn an_address_space_that_had_notifiers_is_never_reaped() {
    let case = case(AFTER_RELEASE);
    for name in ["v4.14", "v4.15"] {
        assert_eq!(proven(&case, name), None, "{name}");
        let run = Runner::new().run_case(&case, kernel(name));
        assert_eq!(run.failure, None);
        let passes = |what| run.world().log.iter().filter(|event| event.kind == what).count();
        assert_eq!(passes(EventKind::Skip(SkipReason::Notifier)), 1);
        assert_eq!(passes(EventKind::Trace(Tracepoint::StartTaskReaping)), 0);
    }
}

#[test]
fn giving_pages_up_is_told() {
    for operation in ["madvise heap", "munmap heap"] {
        is_proven_silent(&format!(
            "kernel v4.15
             process p notifiers 1
               vma heap anon 1 page
               thread main: {operation}
               thread t2: guest_write p heap
            "
        ));
    }
}

/// A private page takes the place of the file's, or of the zero page, which a guest has mapped.
#[test]
fn copying_on_write_is_told() {
    for kind in ["file", "anon"] {
        is_silent(&format!(
            "kernel v4.15
             process p notifiers 2
               vma heap {kind} 1 page
               thread main: madvise heap; read heap; write heap; read heap
               thread t2: guest_read p heap; guest_read p heap; guest_read p heap
            "
        ));
    }
}

/// khugepaged moves the pages of a guest.
#[test]
fn collapsing_is_told() {
    let collapse = "
        kernel v4.15
        machine frames 24 min 1 high 2
        process p notifiers 1
          vma heap anon 4 pages huge
          thread main: madvise heap; write heap
          thread t2: guest_write p heap; guest_read p heap
        kthread device
          thread main: guest_read p heap
        fault fail_page_alloc fail-nth 1
        schedule in_order
          run p
          run p/t2
        ";
    is_silent(collapse);
    let run = run(&case(collapse));
    let moved = |what: &EventKind| matches!(what, EventKind::Unshadow { .. });
    let by =
        |e: &&mmreap::trace::Event| e.site.protocol() == "collapse_huge_page" && moved(&e.kind);
    assert_eq!(run.world().log.iter().filter(by).count(), 4);
}

/// A device reaches the memory until the exit path has told it to let go: `release` says so, and so does what takes
/// the pages away.
#[test]
fn exiting_is_told() {
    is_proven_silent(
        "kernel v4.15
         process p notifiers 1
           vma heap anon 1 page
           thread main: exit
         kthread device
           thread main: guest_write p heap
        ",
    );
}

/// A notifier is unregistered while others call it: by its last user, whoever that is.
#[test]
fn unregistering_waits_for_callbacks() {
    is_silent(
        "kernel v4.15
         process p notifiers 2
           vma heap anon 2 pages
           thread main: mmu_close; madvise heap
           thread t2: guest_write p heap; madvise heap; exit
         process reader
           thread main: get_task_mm p; mmput
         kthread device
           thread main: guest_write p heap; guest_read p heap
        ",
    );
}

/// The driver's mutex is held by somebody whose fault waits for memory, so that only the reaper could help; and it
/// does not. After its nap the next one is killed, which is policy.
#[test]
fn release_may_wait_for_who_waits_for_memory() {
    let text = "
        kernel v4.15
        machine frames 12 min 1 high 2
        process victim adj 500 notifiers 1 release lock
          vma heap anon 4 pages
          thread main: guest_write victim heap
        process other notifiers 1 release lock
          vma heap anon 2 pages unmapped
          thread main: mmap heap; guest_write other heap
        process hog adj -1000
          thread main: alloc 6
        schedule in_order
          run victim
          run hog
          run other
          run victim
        ";
    let case = case(text);
    for release in ["v4.14", "v4.15"] {
        assert_eq!(sample(&case, release, 1, RUNS), BTreeMap::new(), "{release}");
    }
    let run = run(&case);
    let waits = |e: &mmreap::trace::Event| {
        e.kind == EventKind::Sleep && e.site.to_string() == "mmu_release/mutex_lock(driver_lock)"
    };
    assert!(run.world().log.iter().any(waits));
}

/// The worker that takes an address space down waits for all work, and so for itself.
#[test]
fn a_worker_that_flushes_waits_for_itself() {
    let text = "
        kernel v4.15
        process victim notifiers 1 release flush_work
          vma heap anon 1 page
          thread main: guest_write victim heap; exit
        process reader
          thread main: get_task_mm victim; mmput_async
        schedule in_order
          run reader until mmput_async
          run victim until exit_files
          run reader
          run kworker
        ";
    let run = run(&case(text));
    assert_eq!(run.failure, None);
    let stuck: Vec<_> = run.world().stuck.iter().map(|stuck| stuck.site.to_string()).collect();
    assert!(stuck.contains(&"mmu_release/wait_event(finished)".to_string()), "{stuck:?}");
    is_silent(text);
}

/// A fault puts its page where it found nothing or the zero page, not where the zero page is by now, of which a
/// guest may have heard.
#[test]
fn a_page_takes_the_place_of_what_the_fault_saw() {
    let store_first = "
        kernel v4.15
        process p1
          thread t1: guest_read p2 v1
        process p2 notifiers 1
          vma v1 anon 1 page unmapped
          thread t1: mmap v1; write v1
        schedule in_order
          run p2 until handle_mm_fault
          run p1 until handle_mm_fault/pte_offset_map_lock(pmd) nth 2
          run p2 until handle_mm_fault/spin_unlock(ptl)
          run p1
          run p2
          run p1 until guest_mode/guest_load(spte)
          run p2
        ";
    let two_guests = "
        kernel v4.15
        process p1 notifiers 1
          vma v1 anon 1 page
          thread t1: madvise v1
        kthread k1
          thread t1: guest_read p1 v1
        kthread k2
          thread t1: guest_write p1 v1
        schedule in_order
          run p1
          run k2 until handle_mm_fault/pte_offset_map_lock(pmd) nth 2
          run k1 until tdp_page_fault/set_spte(spte)
          run k2
        ";
    for case in [store_first, two_guests].map(case) {
        for release in RELEASES {
            let run = Runner::new().run_case(&case, release);
            assert_eq!(run.failure, None, "{}: {case}", release.name);
        }
    }
}
