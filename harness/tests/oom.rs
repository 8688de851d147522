//! The OOM killer and those whom it kills, against what the kernel's functions do: the cases of `oom/`, each
//! with its verdict on every release, and what has to happen besides.

mod common;

use common::{kernel, sample};
use mmreap::release::RELEASES;
use mmreap::trace::{Event, EventKind};
use mmreap::world::End;
use mmreap_harness::case::Case;
use mmreap_harness::corpus;
use mmreap_harness::replay::{replay, stated_kernels};
use mmreap_harness::run::{Run, Runner};
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oom")
}

fn case(name: &str) -> Case {
    corpus::load(&directory().join(format!("{name}.mmreap"))).expect("the case can be read")
}

/// Runs the case on a release, and looks at what happened.
fn run<R>(name: &str, release: &str, look: fn(&Run) -> R) -> R {
    look(&Runner::new().run_case(&case(name), kernel(release)))
}

/// Runs the case on every release, on all of which the same has to happen.
fn on_each_release<R>(name: &str, look: fn(&Run) -> R, expected: &R)
where
    R: PartialEq + std::fmt::Debug,
{
    for release in RELEASES {
        assert_eq!(&run(name, release.name, look), expected, "{name} on {}", release.name);
    }
}

/// Whom the OOM killer killed, marked, and queued, in this order.
fn blows(run: &Run) -> Vec<String> {
    let blow = |event: &Event| match event.kind {
        EventKind::Kill | EventKind::Marked | EventKind::Enqueue => {
            Some(format!("{} {}", event.kind.name(), event.object))
        }
        _ => None,
    };
    run.world().log.iter().filter_map(blow).collect()
}

/// Which threads called the OOM killer, and where.
fn requests(run: &Run) -> Vec<String> {
    let w = run.world();
    let asks = |event: &&Event| matches!(event.kind, EventKind::OomRequest { .. });
    let name = |event: &Event| &w.threads()[event.thread.index()].name;
    let requests = w.log.iter().filter(asks);
    requests.map(|event| format!("{} {}", name(event), event.site.function())).collect()
}

fn end(run: &Run) -> End {
    run.end
}

/// Victims by the numbers of their address spaces and of their marked tasks.
fn killed(victims: &[(u32, u32)]) -> Vec<String> {
    let blows = |(mm, task)| {
        [format!("kill mm#{mm}"), format!("marked task#{task}"), format!("enqueue task#{task}")]
    };
    victims.iter().copied().flat_map(blows).collect()
}

#[test]
fn every_case_comes_to_what_it_says() {
    let files = corpus::list(&directory()).expect("the cases can be listed");
    assert_eq!(files.len(), 12);
    let mut runner = Runner::new();
    for path in files {
        let case = corpus::load(&path).expect("the case can be read");
        let kernels = stated_kernels(&case).expect("the case names kernels that exist");
        assert_eq!(kernels.len(), RELEASES.len(), "{}", path.display());
        for kernel in kernels {
            let replay = replay(&mut runner, &case, kernel);
            assert!(replay.is_as_expected(), "{}: {replay:?}", path.display());
        }
    }
}

/// A walk follows the list, and `copy_process` looks for a signal where it appends to it: nobody slips out.
#[test]
fn a_child_does_not_slip_out_of_a_kill() {
    for name in ["fork_during_kill", "fork_after_kill"] {
        for release in RELEASES {
            let seen = sample(&case(name), release.name, 1, 1000);
            let lost = seen.keys().filter(|it| it.starts_with("O-DATA page user_mode"));
            assert_eq!(lost.count(), 0, "{name} on {}: {seen:?}", release.name);
        }
    }
    let waits_for_child = |run: &Run| {
        let waits = |event: &Event| event.site.function() == "wait_for_vfork_done";
        run.world().log.iter().any(waits)
    };
    on_each_release("fork_after_kill", waits_for_child, &false);
}

/// The search holds a reference on whom it has chosen, who may be gone when it comes to the kill.
#[test]
fn a_victim_that_is_gone_is_not_nobody() {
    on_each_release("victim_gone_before_kill", end, &End::Quiescent);
    on_each_release("victim_gone_before_kill", blows, &killed(&[]));
}

/// A parent that is killed takes back what says that it waits, and then the child can be killed like any other.
#[test]
fn the_child_of_a_killed_parent_can_be_chosen() {
    on_each_release("vfork_parent_killed", end, &End::Quiescent);
    on_each_release("vfork_parent_killed", blows, &killed(&[(1, 2)]));
}

/// Whose reserves are used up fails at once on v4.9. Since v4.13 it calls the OOM killer before.
#[test]
fn a_victim_out_of_reserves_asks_the_oom_killer() {
    let both = [killed(&[(1, 1)]), vec!["marked task#2".into(), "enqueue task#2".into()]].concat();
    let again = [&both[..], &["enqueue task#1".to_string()]].concat();
    for (release, expected) in [("v4.9", &both), ("v4.13", &again), ("v4.14", &again)] {
        assert_eq!(&run("reserves_then_queued", release, blows), expected, "{release}");
    }
}

/// If its address space is given up on, somebody else dies for it. v4.13 lets a marked thread have everything,
/// and here that is enough.
#[test]
fn a_victim_out_of_reserves_kills_somebody_else() {
    let slow = "v __alloc_pages_may_oom";
    for (release, victims, asked) in
        [("v4.9", 1, 1), ("v4.13", 1, 1), ("v4.14", 2, 2), ("v4.15", 2, 2)]
    {
        let expected = killed(&[(1, 1), (2, 2)][..victims]);
        assert_eq!(run("reserves_then_killer", release, blows), expected, "{release}");
        assert_eq!(run("reserves_then_killer", release, requests), vec![slow; asked], "{release}");
    }
}

/// A fault that finds no page calls the OOM killer, whether its task is to die or not.
#[test]
fn a_victim_asks_again_in_its_fault_handler() {
    let (slow, fault) = ("v __alloc_pages_may_oom", "v pagefault_out_of_memory");
    on_each_release("fault_of_a_victim", blows, &killed(&[(1, 1), (2, 2)]));
    assert_eq!(run("fault_of_a_victim", "v4.9", requests), [slow, fault]);
    assert_eq!(run("fault_of_a_victim", "v4.15", requests), [slow, slow, fault]);
}

/// The exit path stores to user memory, too: where the reaper has been, v4.9 finds it a fresh page.
#[test]
fn a_dying_thread_touches_memory_that_was_reaped() {
    let maps = |run: &Run| {
        let log = &run.world().log;
        let begins = |event: &Event| event.site.function() == "put_user";
        let put_user = log.iter().position(begins).expect("the number is to be cleared");
        let maps = |event: &Event| matches!(event.kind, EventKind::Map { .. });
        log[put_user..].iter().any(maps)
    };
    for (release, expected) in
        [("v4.9", true), ("v4.13", false), ("v4.14", false), ("v4.15", false)]
    {
        assert_eq!(run("child_tid", release, maps), expected, "{release}");
    }
}
