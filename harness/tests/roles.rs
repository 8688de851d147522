//! Who did it is asked of the events, and not guessed from functions: what the oracles say of a kernel in which the
//! exit path reaps by itself, as v4.17's does (27ae357fa82b).

mod common;

use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap_all};
use mmreap::mm::mmu_notifier::mmu_notifier_release;
use mmreap::oom::oom_reap_task_mm::{self, OOM_REAP_TASK_MM};
use mmreap::prelude::*;
use mmreap::sync::bits::Flag;
use mmreap::trace::{Actor, Event, EventKind, Role};
use mmreap_harness::case::Expect;
use mmreap_harness::case::parse::parse;
use mmreap_harness::explain::rules::Group;
use mmreap_harness::run::{Run, Runner};

/// Makes a pass over a victim's address space before anything is taken down.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    mmu_notifier_release(mm);
    if test_bit(mm, MmFlag::OomVictim) {
        oom_reap_task_mm::v4_15(current(), mm);
        set_bit(mm, MmFlag::OomSkip);
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    let Some(unmapped) = unmap_all(mm) else { return };
    free(mm, unmapped);
}

static REAPS: Revision = V4_15.patched("reaps", "exit_mmap reaps by itself").exit_mmap(exit_mmap);

/// Runs a case on that kernel.
fn run(text: &str) -> Run {
    let case = common::case(text);
    Runner::new().run_case(&case, &REAPS)
}

fn actors(run: &Run, is: impl Fn(&Event) -> bool) -> Vec<Actor> {
    let events = run.world().log.iter().filter(|event| is(event));
    let mut actors: Vec<_> = events.map(|event| event.actor).collect();
    actors.dedup();
    actors
}

fn in_pass(event: &Event) -> bool {
    event.site.protocol() == OOM_REAP_TASK_MM.name()
}

fn by(run: &Run, thread: &str) -> impl Fn(&Event) -> bool + use<> {
    let tid = run.world().threads().iter().position(|it| it.name == thread);
    move |event| Some(event.thread.index()) == tid
}

const KILLED: &str = "kernel v4.15
     machine frames 16 min 1 high 2
     process victim adj 500
       vma heap anon 2 pages
       thread main: read heap
     kthread killer
       thread main: sysrq_f
     schedule in_order";

/// Two tasks make passes by the same function, and each is told from the other.
#[test]
fn pass_belongs_to_who_makes_it() {
    let run = run(KILLED);
    assert_eq!(run.failure, None);
    let events = |is: &dyn Fn(&Event) -> bool| actors(&run, is);
    let of = |of| Actor { role: Role::Pass, of };
    let [victim, reaper] = ["victim", "oom_reaper"].map(|thread| by(&run, thread));
    assert_eq!(events(&|event| in_pass(event) && victim(event)), [of(Role::ExitPath)]);
    assert_eq!(events(&|event| in_pass(event) && reaper(event)), [of(Role::Reaper)]);
    let gives_up = |event: &Event| {
        matches!(event.kind, EventKind::SetFlag { .. })
            && event.site.noun() == MmFlag::OomSkip.name()
    };
    let exits = events(&|event| gives_up(event) && victim(event));
    assert!(exits.iter().all(|actor| actor.is(Role::ExitPath)), "{exits:?}");
    let reaps = events(&|event| gives_up(event) && reaper(event));
    assert!(reaps.iter().all(|actor| actor.is(Role::Reaper)), "{reaps:?}");
    assert!(!exits.is_empty() && !reaps.is_empty());
}

/// Memory is short. The exit path finds `mmap_sem` taken, gives the victim's memory up all the same, and somebody
/// else dies before it is free.
const GIVEN_UP: &str = "kernel v4.15
     machine frames 5 min 4 high 4 time any
     process victim adj 500
       vma heap anon 1 page
       thread main:
     process bystander
       thread main: alloc 1
     fault fail_trylock fail-nth 1 task-filter victim
     schedule in_order
       run bystander
       run victim
       run clock
       run bystander
       run victim until exit_mmap/down_write(mmap_sem)
       run clock
       run bystander
       run clock
       run victim";

/// What the exit path skipped is no pass of the reaper's, which never came.
#[test]
fn skipped_pass_of_the_exit_path_is_not_the_reapers() {
    let run = run(GIVEN_UP);
    let failure = run.failure.as_ref().expect("the second kill is for nothing");
    assert_eq!(failure.signature.to_string(), "O-SPUR mm exit_mmap");
    assert_eq!(failure.details[1], "reaper's last pass: there was none");
    let victim = by(&run, "victim");
    let skips = actors(&run, |event| matches!(event.kind, EventKind::Skip(_)) && victim(event));
    assert_eq!(skips, [Actor { role: Role::Pass, of: Role::ExitPath }]);
}

/// A walk of the reaper against one of the exit path is about exclusion, whatever function the exit path walks in;
/// two places of one name need not be one actor's.
#[test]
fn rule_is_of_the_actors() {
    let rule = |signature: &str| {
        let text =
            format!("mmreap case 1\nkernel v4.15\nprocess p\n  thread main:\nexpect {signature}\n");
        let case = parse(&text).expect("it is a case");
        match case.expect {
            Some(Expect::Fail(signature)) => Group::of(&signature).rule,
            other => panic!("{other:?}"),
        }
    };
    let pt = |sites: &str| rule(&format!("O-PT-UAF page_table {sites}"));
    assert_eq!(pt("__oom_reap_task_mm exit_mmap"), "P1, exclusion");
    assert_eq!(pt("__oom_reap_task_mm/by(exit_path) __oom_reap_task_mm"), "P1, exclusion");
    assert_eq!(pt("__oom_reap_task_mm exit_aio"), "page-table entries");
}
