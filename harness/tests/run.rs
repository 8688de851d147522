//! A run is a value: it keeps what happened, whatever is run later, and nothing of it is left elsewhere.

mod common;

use common::{case, kernel};
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::release::V4_15;
use mmreap::revision::Revision;
use mmreap::trace::EventKind;
use mmreap::world::{End, World, world};
use mmreap_harness::case::Case;
use mmreap_harness::explain::log;
use mmreap_harness::run::{Run, Runner};

/// Panics when an address space goes.
static ALWAYS: Revision = Revision { name: "v4.15+always", exit_mmap: fall_over, ..V4_15 };

fn fall_over(_: Handle<Mm>) {
    panic!("on purpose");
}

/// A kill that v4.9 gets wrong under some seeds, and v4.15 under none.
fn kill(seed: u64) -> Case {
    case(&format!(
        "kernel v4.15
         machine frames 16 min 1 high 2
         process victim
           vma heap anon 2 pages
           thread main: write heap; exit
         kthread killer
           thread main: sysrq_f
         schedule pos seed {seed}
        "
    ))
}

/// All of a run that can be compared.
fn looks(run: &Run) -> (String, String, usize) {
    let w = run.world();
    let objects = w.tasks.all().count() + w.mms.live().count() + w.stuck.len();
    (log(w), format!("{:?} {} {}", run.failure, w.revision.name, w.step), objects)
}

#[test]
fn runs_that_are_kept_stay_as_they_were() {
    let mut runner = Runner::new();
    let all =
        (0..8).flat_map(|seed| ["v4.9", "v4.15"].map(|release| (kill(seed), kernel(release))));
    let all: Vec<_> = all.collect();
    let kept: Vec<Run> = all.iter().map(|(case, kernel)| runner.run_case(case, kernel)).collect();
    drop(runner);
    for ((case, kernel), run) in all.iter().zip(&kept) {
        assert_eq!(looks(run), looks(&Runner::new().run_case(case, kernel)), "{case}");
    }
    assert_ne!(looks(&kept[0]), looks(&kept[2]), "seeds differ");
}

#[test]
fn steps_that_were_watched_are_the_runs_own() {
    let mut runner = Runner::watching();
    let one = runner.run_case(&kill(1), &V4_15);
    let steps = one.watched().len();
    let other = runner.run_case(&case("kernel v4.15\nprocess p\n  thread main: exit\n"), &V4_15);
    assert!(steps > other.watched().len() && !other.watched().is_empty());
    assert_eq!(one.watched().len(), steps);
    assert!(runner.record(&kill(1), &V4_15).watched().is_empty(), "nobody watches");
}

/// The run that nobody holds any more makes room for the next, and one that is held does not.
#[test]
fn worlds_are_used_again() {
    let mut runner = Runner::new();
    let mut place = || {
        let run = runner.run_case(&kill(1), &V4_15);
        (std::ptr::from_ref::<World>(run.world()).addr(), run)
    };
    let (first, run) = place();
    drop(run);
    let (second, held) = place();
    let (third, _) = place();
    let (fourth, _) = place();
    assert_eq!((first, third), (second, fourth));
    assert_ne!(second, third);
    assert_eq!(held.end, End::Quiescent);
}

#[test]
fn what_is_not_in_a_run_sees_nothing_of_one() {
    let mut runner = Runner::new();
    let happened = |run: &Run| run.world().log.iter().any(|event| event.kind == EventKind::Enter);
    for revision in [&V4_15, &ALWAYS] {
        assert!(happened(&runner.run_case(&kill(1), revision)), "{}", revision.name);
        assert!(world(|w| w.log.is_empty() && w.end.is_none()), "{}", revision.name);
    }
}
