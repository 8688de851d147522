//! E02: safe. `exit_mmap` sets `MMF_OOM_SKIP` where nobody will look at it, too.

use crate::Mutant;
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const E02: Mutant = Mutant { kernel: &KERNEL, shows: None };

static KERNEL: Revision = V4_15
    .patched(
        "v4.15+E02",
        "safe: MMF_OOM_SKIP is set on every dead address space, but only victims' are looked at",
    )
    .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    if test_bit(mm, MmFlag::OomVictim) {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free(mm, unmapped);
}
