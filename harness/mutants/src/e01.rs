//! E01: safe. `exit_mmap` waits for the reaper whether there can be one or not.

use crate::Mutant;
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const E01: Mutant = Mutant { kernel: &KERNEL, shows: None };

static KERNEL: Revision = V4_15
    .patched(
        "v4.15+E01",
        "safe: exit_mmap waits for the reaper always; where none can be, the wait is short",
    )
    .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    down_write(mmap_sem(mm));
    up_write(mmap_sem(mm));
    free(mm, unmapped);
}
