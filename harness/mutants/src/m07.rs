//! M07: the empty section of `exit_mmap` is left out if the lock is taken.

use crate::{Mutant, REAPER_WALKS, Shows, WALKS};
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const M07: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M07",
        scenario: "sc_1v",
        oracles: WALKS,
        sites: REAPER_WALKS,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M07", "exit_mmap only tries mmap_sem, and goes on without it")
    .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        if down_write_trylock(mmap_sem(mm)) {
            up_write(mmap_sem(mm));
        }
    }
    free(mm, unmapped);
}
