//! A fault point of somebody's own. Every case of this process can have faults there, so it has a test program to itself.

mod common;

use common::changes::{assert_drawn_aside, generated};
use mmreap::exit::exit_mmap;
use mmreap::prelude::*;
use mmreap_harness::campaign::sweep::sweep;
use mmreap_harness::case::parse::parse;
use mmreap_harness::prove::{self, Verdict};
use mmreap_harness::run::Runner;
use mmreap_harness::{Budget, Harness, fault_point};

/// `down_write_killable` is interrupted.
static INTERRUPTED: FaultPoint = FaultPoint::new("interrupted");

/// What does not wait for the reaper if it is interrupted while it does.
fn killable(mm: Handle<Mm>) {
    let _call = protocol(exit_mmap::EXIT_MMAP, mm.object());
    let Some(unmapped) = exit_mmap::unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    if !strikes(INTERRUPTED) {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    exit_mmap::free(mm, unmapped);
}

static KILLABLE: Revision = V4_15.patched("killable", "waits killably").exit_mmap(killable);

/// The exit path against the reaper.
const CASE: &str = "mmreap case 1
kernel killable
machine frames 4 min 0 high 3 time any

process p1
  vma v1 anon 1 page
  thread t1:

kthread k1
  thread t1: sysrq_f
";

#[test]
fn an_own_fault_point_is_as_good_as_the_others() {
    let with = format!("{CASE}\nfault interrupted fail-nth 1\n");
    assert!(parse(&with).is_err_and(|it| it.message.contains("`interrupted` is unknown here")));
    let before = generated();
    fault_point::add(&INTERRUPTED).expect("no other has the name");
    assert_eq!(parse(&with).expect("it can be read now").to_string(), with);
    strikes_where_it_stands(&with);
    assert_drawn_aside(&before, |case| case.faults.iter().any(|it| it.point == INTERRUPTED));
    is_swept_and_proven();
    is_found_and_made_small();
    is_refused_where_another_has_the_name();
}

fn strikes_where_it_stands(with: &str) {
    let strikes = |text: &str| {
        let run = Runner::new().run_case(&parse(text).expect("it can be read"), &KILLABLE);
        let log = &run.world().log;
        (run.world().injection.calls(INTERRUPTED), log.iter().any(|it| it.kind == EventKind::Fault))
    };
    assert_eq!([strikes(CASE), strikes(with)], [(1, false), (1, true)]);
}

fn is_swept_and_proven() {
    let case = parse(CASE).expect("it can be read");
    let swept = sweep(&mut Runner::new(), &case, &KILLABLE);
    assert!(swept.runs > 0);
    let clean = |faults| {
        let preemptions = Some(1);
        let options = prove::Options { faults, preemptions, ..prove::Options::default() };
        let proof = prove::prove(&case, &KILLABLE, &options, &|_| true).expect("it can be proven");
        matches!(proof.verdict, Verdict::Clean)
    };
    assert!(clean(0), "who is not interrupted waits");
    assert!(!clean(1), "who is interrupted does not");
}

fn is_found_and_made_small() {
    let harness = Harness::new().kernel(&KILLABLE).fault_point(&INTERRUPTED);
    let report = harness.attack(Budget::runs(5_000));
    let text = |found: &mmreap_harness::campaign::Found| found.case.to_string();
    let all: Vec<_> = report.findings.iter().map(text).collect();
    assert!(all.iter().any(|case| case.contains("fault interrupted")), "{all:#?}");
}

fn is_refused_where_another_has_the_name() {
    static AIO: FaultPoint = FaultPoint::new("fail_aio");
    static BLANK: FaultPoint = FaultPoint::new("fail aio");
    let refused = |point| fault_point::add(point).expect_err("it is refused").to_string();
    assert_eq!(refused(&AIO), "there is another `fail_aio`");
    assert_eq!(refused(&BLANK), "no case can name `fail aio`");
    fault_point::add(&INTERRUPTED).expect("again is as good as once");
}
