//! AIO contexts that are looked up while they are destroyed.
//!
//! `lookup_ioctx` reads the table in an RCU read section, and takes a reference on what it found, even if that
//! was on its way out. Two commits belong to the repair: one keeps the structure until the section is over
//! (a6d7cff472ee, v4.16), the other lets go of a context that is already dying (baf10564fbb6, v4.17). Neither
//! is enough without the other.

mod common;

use common::{case, kernel, run, sample};
use mmreap::release::V4_15;
use mmreap::revision::{PARTS, Revision};
use mmreap::trace::{EventKind, SkipReason};
use mmreap_harness::case::Case;
use mmreap_harness::prove::{Options, Verdict, prove};

/// Only a lookup that was overtaken in the middle finds a context that is being destroyed.
const LOOKUP_VS_DESTROY: &str = "
kernel v4.14
process p
  vma heap anon 1 page
  aio ring
  thread main: io_destroy ring
  thread t2: io_submit ring after 1
";

/// The functions that the two commits changed.
const REPAIRED: [&str; 2] = ["free_ioctx_reqs", "lookup_ioctx"];

/// v4.15 with one function of the repaired kernel.
fn half_repaired(function: &str) -> &'static Revision {
    let part = PARTS.iter().find(|part| part.name == function).expect("a revision has it");
    V4_15.with(&[part], kernel("v4.15+E04"))
}

/// What is proven; `None` if it is that nothing happens.
fn proven(case: &Case, revision: &'static Revision) -> Option<String> {
    let proof = prove(case, revision, &Options::default(), &|_| true).expect("few threads");
    match proof.verdict {
        Verdict::Clean => None,
        Verdict::Found(_, failure) => Some(failure.signature.to_string()),
        Verdict::Stopped => panic!("nobody stops it"),
    }
}

fn is_use_after_free(signature: &str) -> bool {
    signature.starts_with("O-MM-UAF kioctx")
}

#[test]
fn every_release_looks_up_a_dying_context() {
    let case = case(LOOKUP_VS_DESTROY);
    for release in ["v4.9", "v4.13", "v4.14", "v4.15"] {
        let found = proven(&case, kernel(release)).expect("a use after free");
        assert!(is_use_after_free(&found), "{release}: {found}");
    }
}

#[test]
fn sampling_finds_it_too() {
    let seen = sample(&case(LOOKUP_VS_DESTROY), "v4.15", 1, 500);
    assert!(!seen.is_empty() && seen.keys().all(|s| is_use_after_free(s)), "{seen:?}");
}

#[test]
fn both_commits_together_are_proven_clean() {
    assert_eq!(proven(&case(LOOKUP_VS_DESTROY), kernel("v4.15+E04")), None);
}

#[test]
fn neither_commit_is_enough() {
    let case = case(LOOKUP_VS_DESTROY);
    for function in REPAIRED {
        let found = proven(&case, half_repaired(function)).expect("a use after free");
        assert!(is_use_after_free(&found), "{function}: {found}");
    }
}

/// Who destroys a context unmaps its ring, with the lock that the reaper tries to take. Who exits does not.
#[test]
fn io_destroy_unmaps_the_ring() {
    let case = case(
        "kernel v4.15
         machine frames 64 min 1 high 2 time any
         process p
           vma heap anon 1 page
           aio ring
           aio other
           thread main: io_destroy ring
         kthread k
           thread main: sysrq_f
         schedule in_order
           run p until vm_munmap/up_write(mmap_sem)
           run k
           run clock
           run k
           run oom_reaper
        ",
    );
    let run = run(&case);
    assert_eq!(run.failure, None);
    let log = &run.world().log;
    let skipped = log.iter().find(|event| matches!(event.kind, EventKind::Skip(_)));
    assert_eq!(skipped.map(|event| event.kind), Some(EventKind::Skip(SkipReason::LockBusy)));
    let unmaps = log.iter().filter(|event| event.site.function() == "vm_munmap");
    assert_eq!(unmaps.filter(|event| event.kind == EventKind::Enter).count(), 1);
}
