//! Operations of somebody's own. Every case of this process can have them, so they have a test program to themselves.

use arbitrary::Unstructured;
use mmreap::prelude::*;
use mmreap::sync::time::schedule_timeout_killable;
use mmreap::task::{current, find_task_by_vpid, kill_pid, rcu_read};
use mmreap::trace::noun::MM;
use mmreap_harness::case::mutate::{self, Sites};
use mmreap_harness::case::parse::parse;
use mmreap_harness::case::{Case, Expect, check::check, generate};
use mmreap_harness::explain;
use mmreap_harness::minimize::{Budget, minimize};
use mmreap_harness::operation::{self, Call, Kind, Next, Parameter, Who};
use mmreap_harness::replay::replay;
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::derive_seed;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Kills its own process.
static SUICIDE: Kind = Kind::new("suicide", Who::User, "SIGKILL to oneself", suicide);

fn suicide(_: &Call<'_>) -> Next {
    kill_pid(current().peek(|task| task.signal));
    Next::Operation
}

/// Counts how often it is performed.
static COUNT: Kind = Kind::new("count", Who::Both, "counts", count);
static COUNTED: AtomicU32 = AtomicU32::new(0);

fn count(_: &Call<'_>) -> Next {
    COUNTED.fetch_add(1, Ordering::Relaxed);
    Next::Operation
}

/// Looks at an address space on which it has no reference, after a while.
static PROC_SIZE: Kind = Kind::new("proc_size", Who::User, "read /proc/PID/size", proc_size)
    .parameters(&[Parameter::Process, Parameter::Jiffies])
    .weights(20, 0);

fn proc_size(call: &Call<'_>) -> Next {
    let _call = enter("proc_size");
    let mm = rcu_read(|| read(find_task_by_vpid(call.process())?, MM, |task| task.mm));
    schedule_timeout_killable(call.number());
    if let Some(mm) = mm {
        read(mm, "total_vm", |_| ());
    }
    Next::Operation
}

/// A case for each of some bytes.
fn generated() -> Vec<Case> {
    let bytes = |number| (0..80).flat_map(move |word| derive_seed(number, word).to_le_bytes());
    let case = |number| {
        let bytes: Vec<u8> = bytes(number).collect();
        generate::case(&mut Unstructured::new(&bytes), "v4.15")
    };
    (0..500).map(case).collect()
}

/// What bytes meant before anything was added; then it is.
static BEFORE: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let before = generated();
    assert!(parse(SUICIDAL).is_err(), "nobody knows the word yet");
    for kind in [&SUICIDE, &COUNT, &PROC_SIZE] {
        operation::add(kind).expect("no other has the word");
    }
    before
});

fn read_case(text: &str) -> Case {
    LazyLock::force(&BEFORE);
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

const SUICIDAL: &str = "mmreap case 1
kernel v4.15

process p1
  thread t1: wait p2; count

process p2 parent p1
  thread t1: suicide
";

#[test]
fn it_is_performed() {
    let counted = |text: &str| {
        let before = COUNTED.load(Ordering::Relaxed);
        assert_eq!(Runner::new().run_case(&read_case(text), &V4_15).failure, None);
        COUNTED.load(Ordering::Relaxed) - before
    };
    assert_eq!(counted(SUICIDAL), 1, "p2 dies, and p1 goes on");
    assert_eq!(counted(&SUICIDAL.replace("suicide", "free")), 0, "p1 waits for ever");
}

#[test]
fn it_is_read_printed_and_checked() {
    assert_eq!(read_case(SUICIDAL).to_string(), SUICIDAL);
    let mistakes = [
        ("suicide", "suicde", "`suicde` is unknown here"),
        ("suicide", "suicide now", "`now` is too much"),
        ("suicide", "proc_size p3 1", "there is no user process `p3`"),
        ("suicide", "proc_size p1", "something is missing after `p1`"),
        ("suicide", "proc_size p1 10001", "`10001` is out of bounds"),
        ("process p2 parent p1", "kthread p2", "a kernel thread cannot `suicide`"),
    ];
    for (right, wrong, message) in mistakes {
        let text = SUICIDAL.replace("wait p2; ", "").replace(right, wrong);
        assert_eq!(parse(&text).expect_err(&text).message, message);
    }
}

#[test]
fn bytes_without_it_mean_what_they_meant() {
    LazyLock::force(&BEFORE);
    let after = generated();
    let has_it = |case: &Case| case.to_string().contains("proc_size");
    let others = after.iter().zip(&*BEFORE).filter(|(after, _)| !has_it(after));
    for (after, before) in others {
        assert_eq!(after, before);
    }
    let with = after.iter().filter(|case| has_it(case)).count();
    assert!((50..450).contains(&with), "{with} of 500 cases have it");
    assert!(!after.iter().any(|case| case.to_string().contains("suicide")), "it has no weight");
}

#[test]
fn it_is_changed_as_others_are() {
    let case = read_case(&SUICIDAL.replace("suicide", "proc_size p1 7777"));
    let mut seen = [false; 3];
    for number in 0..2000 {
        let mut mutant = case.clone();
        let bytes: Vec<u8> = (0..8).flat_map(|n| derive_seed(number, n).to_le_bytes()).collect();
        mutate::mutate(&mut mutant, &mut Unstructured::new(&bytes), &Sites::default());
        check(&mutant).unwrap_or_else(|problem| panic!("{problem}\n{mutant}"));
        let wanted = ["proc_size p2 7777", "proc_size p1 3888", "proc_size p1 7778"];
        wanted
            .iter()
            .zip(&mut seen)
            .for_each(|(it, seen)| *seen |= mutant.to_string().contains(it));
    }
    assert_eq!(seen, [true; 3], "aimed elsewhere, halved, one more");
    let mut without = case;
    without.processes.remove(0);
    mutate::repair(&mut without);
    assert!(without.processes[0].threads[0].operations.is_empty(), "{without}");
}

#[test]
fn what_it_breaks_is_found_made_small_replayed_and_explained() {
    let case = read_case(
        "mmreap case 1
kernel v4.15

process p1
  vma v1 anon 2 pages
  thread t1: write v1; alloc 3; proc_size p2 300; free

process p2
  thread t1: sleep 20; exit
",
    );
    let mut runner = Runner::new();
    let failure = runner.run_case(&case, &V4_15).failure.expect("a use after free");
    assert_eq!(failure.signature.to_string(), "O-MM-UAF mm proc_size do_exit");
    let (signature, budget) = (&failure.signature, Budget::default());
    let small = minimize(&mut runner, &case, &V4_15, signature, &budget, &mut |_| ());
    let small = small.expect("it fails again");
    let text = small.case.to_string();
    assert!(text.contains("thread t1: proc_size p2 0\n"), "{text}");
    let expect = Some(Expect::Fail(failure.signature));
    let again = replay(&mut runner, &Case { expect, ..small.case.clone() }, &V4_15);
    assert!(again.is_as_expected() && again.run.divergences.first(true).is_none(), "{text}");
    let explained = explain::of_case(&mut runner, &small.case, &V4_15).expect("it fails");
    assert!(explained.to_string().contains("proc_size"));
}
