//! The door: a patch is attacked from a test, and what is new is told with its case and a diagram.

use mmreap::exit::exit_mmap;
use mmreap::exit::mmput_final::mmput_final;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::prelude::*;
use mmreap_harness::{Budget, Harness};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs that find what is wrong here several times over.
const RUNS: u64 = 1_500;

/// Runs that find what is wrong in every second.
const FEW: u64 = 60;

/// `exit_mmap` of v4.15 in other words.
fn same(mm: Handle<Mm>) {
    let _call = protocol(exit_mmap::EXIT_MMAP, mm.object());
    let Some(unmapped) = exit_mmap::unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    exit_mmap::free(mm, unmapped);
}

/// Does not wait for the reaper.
fn careless(mm: Handle<Mm>) {
    let _call = protocol(exit_mmap::EXIT_MMAP, mm.object());
    let Some(unmapped) = exit_mmap::unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    exit_mmap::free(mm, unmapped);
}

/// Takes a victim's address space down by itself, whoever uses it.
fn impatient(_task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol(OOM_REAP_TASK_MM, mm.object());
    mmput_final(mm);
    true
}

const LOCKED: Assertion =
    Assertion { function: "exit_mmap", verb: "WARN_ON", condition: "mm->locked_vm" };

/// `exit_mmap` of v4.15 with an assertion that does not hold.
fn wary(mm: Handle<Mm>) {
    warn_on(mm.peek_at("locked_vm", |mm| mm.locked_vm != 0), LOCKED, mm.object());
    same(mm);
}

static SAME: Revision = V4_15.patched("attack-same", "nothing").exit_mmap(same);
static CARELESS: Revision = V4_15.patched("attack-careless", "no wait").exit_mmap(careless);
static IMPATIENT: Revision =
    V4_15.patched("attack-impatient", "the reaper takes all down").oom_reap_task_mm(impatient);
static WARY: Revision = V4_15.patched("attack-wary", "locked memory is noticed").exit_mmap(wary);

fn panic_of(action: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(action)).expect_err("it panics");
    payload.downcast::<String>().map(|text| *text).expect("with a text")
}

#[test]
fn a_patch_that_changes_nothing_shows_nothing_new() {
    let report = Harness::new().kernel(&SAME).attack(Budget::runs(RUNS));
    assert!(!report.findings.is_empty(), "v4.15 has failures of its own");
    report.assert_nothing_new_since(&V4_15);
    let text = panic_of(|| report.assert_clean());
    assert!(text.starts_with("attack-same has "), "{text}");
}

#[test]
fn a_careless_patch_is_told_with_a_diagram_and_a_case() {
    let report = Harness::new().kernel(&CARELESS).attack(Budget::runs(RUNS));
    let text = panic_of(|| report.assert_nothing_new_since(&V4_15));
    for part in [
        "attack-careless has ",
        " that v4.15 does not show",
        "BUG: mmreap: use-after-free of ",
        "exit_mmap()",
        "mmreap case 1\n",
        "kernel attack-careless\n",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(!text.contains("O-MM-UAF"), "v4.15 has it, too:\n{text}");
}

#[test]
fn what_the_kernel_asserts_is_found_and_told_with_its_rule() {
    for (patch, told) in [
        (
            &IMPATIENT,
            "BUG: mmreap: kernel BUG of mm in __mmput/VM_BUG_ON(atomic_read(&mm->mm_users))",
        ),
        (&WARY, "BUG: mmreap: kernel warning of mm in exit_mmap/WARN_ON(mm->locked_vm)"),
    ] {
        let report = Harness::new().kernel(patch).attack(Budget::runs(FEW));
        let text = panic_of(|| report.assert_clean());
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [told, "what the kernel asserts", "expect O-BUG mm "] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }
}
