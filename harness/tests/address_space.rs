//! Moments of the address space, one by one: which release has the window, on which machine, and which has not.
//!
//! Each is a case whose schedule names the moment, with a verdict for every release; where the kernel has no
//! such window, the same schedule has to pass.

mod common;

use common::{assert_verdicts, case, kernel, run, sample};
use mmreap_harness::run::Runner;

/// What follows a machine on which an empty middle-level entry is not bad, as on powerpc, and one on which it
/// is, as on x86 and arm64.
const MACHINES: [&str; 2] = ["empty_pmd good", ""];

/// Where the walk stops while a huge page is taken away: between its two looks at the entry, and after both,
/// before it has the lock.
const UNLOCKED: &str = "follow_page_mask/read(pmd) nth 2";
const BEFORE_THE_LOCK: &str = "follow_page_mask/spin_lock(ptl)";

/// The verdict lines of a case: what is heard on the releases that are named, and silence on the others.
fn heard_on(releases: &[&str], signature: &str) -> String {
    let verdict = |name| if releases.contains(&name) { signature } else { "pass" };
    let others = ["v4.9", "v4.13", "v4.14"].map(|name| format!("on {name} {}\n", verdict(name)));
    format!("expect {}\n{}", verdict("v4.15"), others.concat())
}

/// A huge page vanishes under `follow_page`: what is heard, for each place of the walk and each machine.
fn huge_page_vanishes(scene: &str, signature: &str, expected: [(&str, [&[&str]; 2]); 2]) {
    for (place, releases) in expected {
        for (machine, releases) in MACHINES.into_iter().zip(releases) {
            let text = scene.replace("MACHINE", machine).replace("PLACE", place);
            assert_verdicts(&format!("{text}{}", heard_on(releases, signature)));
        }
    }
}

/// ksmd walks with `mmap_sem` held for reading, as `MADV_DONTNEED` does. An entry that is empty under the lock
/// is nothing since v4.14.
#[test]
fn madvise_takes_the_huge_page_from_ksmd() {
    let scene = "kernel v4.15
        machine frames 64 min 1 high 2 MACHINE
        process p
          vma heap anon 4 pages huge mergeable
          thread main: madvise heap
        schedule in_order
          run ksmd until PLACE
          run p
        ";
    let all: &[&str] = &["v4.9", "v4.13", "v4.14", "v4.15"];
    huge_page_vanishes(
        scene,
        "O-PT-UAF page_table ksmd madvise_dontneed",
        [(UNLOCKED, [all, &[]]), (BEFORE_THE_LOCK, [&["v4.9", "v4.13"], &[]])],
    );
}

/// CVE-2018-1000200: until v4.13 the reaper's users keep `exit_mmap` away.
#[test]
fn the_reaper_takes_the_huge_page_from_munlock() {
    let scene = "kernel v4.15
        machine frames 10 min 2 high 2 time any MACHINE
        process p
          vma heap anon 8 pages locked huge
          thread main: alloc 1
        schedule in_order
          run p
          run clock
          run p until PLACE
          run oom_reaper
        ";
    // Until v4.13 the walk comes after the reaper, and never to this place.
    let walks = |place: &str, releases: &[&str]| {
        for (machine, releases) in MACHINES.into_iter().zip([releases, &[]]) {
            let text = scene.replace("MACHINE", machine).replace("PLACE", place);
            for name in ["v4.9", "v4.13", "v4.14", "v4.15"] {
                let failure = Runner::new().run_case(&case(&text), kernel(name)).failure;
                let heard = failure.map(|failure| failure.signature.to_string());
                let signature = "O-PT-UAF page_table exit_mmap __oom_reap_task_mm".to_string();
                let expected = releases.contains(&name).then_some(signature);
                assert_eq!(heard, expected, "{name} {machine} {place}");
            }
        }
    };
    walks(UNLOCKED, &["v4.14", "v4.15"]);
    walks(BEFORE_THE_LOCK, &[]);
}

/// ksmd releases `mmap_sem` before its list's lock, with which the address space could go; so there is no
/// moment in which the process is gone and ksmd still has to release it, after a page or after the last one.
#[test]
fn ksmd_lets_go_while_the_address_space_is_there() {
    for place in ["up_read(mmap_sem)", "up_read(mmap_sem) nth 2"] {
        assert_verdicts(&format!(
            "kernel v4.15
             process p1
               vma v1 anon 1 page mergeable
               thread t1: exit
             schedule in_order
               run ksmd until scan_get_next_rmap_item/{place}
               run p1
               run ksmd
             expect pass
             on v4.9 pass
             on v4.13 pass
             on v4.14 pass
            "
        ));
    }
}

/// Somebody reads a file's page where the process had stored to a copy that the reaper took.
fn lost_copy(rest: &str) -> String {
    format!(
        "kernel v4.15
         machine frames 12 min 1 high 2 time any
         process v
           vma f file 1 page
           thread t1: madvise f; write f
         kthread b
           thread t1: use_mm v; copy_from_user v f; copy_from_user v f
         kthread k
           thread t1: sysrq_f
         {rest}"
    )
}

const REAP: &str = "run k
           run clock
           run k
           run oom_reaper";

/// What is mapped around a load comes from the page cache, and nobody looks whether the address space is stable.
/// v4.9 refuses the load that faults, and not the next.
#[test]
fn fault_around_shows_the_file() {
    assert_verdicts(&lost_copy(&format!(
        "schedule in_order
           run v
           run b until copy_from_user
           {REAP}
           run b
         expect O-DATA page do_fault_around __oom_reap_task_mm
         on v4.9 O-DATA page do_fault_around __oom_reap_task_mm
         on v4.13 O-DATA page do_fault_around __oom_reap_task_mm
         on v4.14 O-DATA page do_fault_around __oom_reap_task_mm
        "
    )));
}

/// The cache is cold, so that the page is read; the reaper comes between the look at `MMF_UNSTABLE` and the lock.
#[test]
fn finish_fault_looks_before_it_has_the_lock() {
    assert_verdicts(&lost_copy(&format!(
        "fault fail_page_alloc fail-nth 1 task-filter b
         schedule in_order
           run v until user_mode
           run b until finish_fault/spin_lock(ptl)
           run v
           {REAP}
           run b
         expect O-DATA page finish_fault __oom_reap_task_mm
         on v4.13 O-DATA page finish_fault __oom_reap_task_mm
         on v4.14 O-DATA page finish_fault __oom_reap_task_mm
        "
    )));
}

/// The same with anonymous memory: `do_anonymous_page` looks under the lock, and there is no window.
#[test]
fn do_anonymous_page_looks_under_the_lock() {
    let text = lost_copy("").replace("vma f file", "vma f anon");
    for name in ["v4.13", "v4.14", "v4.15"] {
        let seen = sample(&case(&text), name, 1, 1000);
        assert!(!seen.keys().any(|it| it.starts_with("O-DATA")), "{name} shows {seen:?}");
    }
}

/// khugepaged takes the table out and flushes all TLBs before it copies: nobody stores to a page that was copied
/// already.
#[test]
fn khugepaged_loses_no_store() {
    assert_verdicts(
        "kernel v4.15
         machine frames 14 min 3 high 3
         process hog
           vma big anon 8 pages
           thread t1: munmap big
         process p
           vma heap anon 4 pages huge
           thread t1: write heap; write heap; read heap
         schedule in_order
           run hog
           run p until user_mode nth 5
           run khugepaged until collapse_huge_page/flush_tlb_mm(tlb)
           run p
         expect pass
         on v4.9 pass
         on v4.13 pass
         on v4.14 pass
        ",
    );
}

/// Whether the users are gone is looked at under the list's lock, where the exit path looks whether khugepaged
/// is at work: one of the two takes the address space off the list.
#[test]
fn khugepaged_leaves_no_dead_address_space_behind() {
    let case = case(
        "kernel v4.15
         process p
           vma heap anon 4 pages huge
           thread t1: exit
         schedule in_order
           run khugepaged until khugepaged_scan_mm_slot/spin_lock(khugepaged_mm_lock)
           run p
           run khugepaged
        ",
    );
    let run = run(&case);
    assert_eq!(run.failure, None);
    let w = run.world();
    assert_eq!((w.khugepaged.registered().len(), w.mms.live().count()), (0, 0));
}
