//! A patch, attacked from a program: `cargo run --release -p mmreap-harness --example own_kernel`.

use mmreap::exit::exit_mmap::{self, EXIT_MMAP};
use mmreap::prelude::*;
use mmreap_harness::{Budget, Harness};

/// "The empty write section can go: MMF_OOM_SKIP keeps the reaper out."
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = exit_mmap::unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    exit_mmap::free(mm, unmapped);
}

static MINE: Revision = V4_15.patched("mine", "no empty write section").exit_mmap(exit_mmap);

fn main() {
    let report = Harness::new().kernel(&MINE).attack(Budget::runs(5_000));
    for found in report.new_since(&V4_15) {
        println!("{}", found.failure.headline());
    }
}
