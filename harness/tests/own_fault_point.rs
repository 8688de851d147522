//! A fault point of somebody's own. Every case of this process can have faults there, so it has a test program to itself.

use arbitrary::Unstructured;
use mmreap::exit::exit_mmap;
use mmreap::prelude::*;
use mmreap_harness::campaign::sweep::sweep;
use mmreap_harness::case::mutate::{self, Sites};
use mmreap_harness::case::parse::parse;
use mmreap_harness::case::{Case, generate};
use mmreap_harness::prove::{self, Verdict};
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::derive_seed;
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

/// A case for each of some bytes, and what becomes of it by one change after the other.
fn generated() -> Vec<Vec<Case>> {
    let bytes = |number, words| -> Vec<u8> {
        (0..words).flat_map(|word| derive_seed(number, word).to_le_bytes()).collect()
    };
    let changed = |number| {
        let mut case = generate::case(&mut Unstructured::new(&bytes(number, 80)), "v4.15");
        let change = |change| {
            let bytes = bytes(1000 * number + change, 16);
            mutate::mutate(&mut case, &mut Unstructured::new(&bytes), &Sites::default());
            case.clone()
        };
        (0..8).map(change).collect()
    };
    (0..1000).map(changed).collect()
}

#[test]
fn an_own_fault_point_is_as_good_as_the_others() {
    let with = format!("{CASE}\nfault interrupted fail-nth 1\n");
    assert!(parse(&with).is_err_and(|it| it.message.contains("`interrupted` is unknown here")));
    let before = generated();
    fault_point::add(&INTERRUPTED).expect("no other has the name");
    assert_eq!(parse(&with).expect("it can be read now").to_string(), with);
    strikes_where_it_stands(&with);
    is_drawn_aside(&before);
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

/// Bytes that do not draw it mean what they meant.
fn is_drawn_aside(before: &[Vec<Case>]) {
    let after = generated();
    let has_it = |case: &Case| case.faults.iter().any(|fault| fault.point == INTERRUPTED);
    let with = after.iter().filter(|cases| cases.iter().any(has_it)).count();
    assert!((20..500).contains(&with), "{with} of 1000 have it");
    for (before, after) in before.iter().zip(&after) {
        let without = after.iter().take_while(|case| !has_it(case)).count();
        assert_eq!(before[..without], after[..without]);
    }
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
