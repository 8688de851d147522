//! M06: the empty section of `exit_mmap` does not exclude readers.

use crate::{Mutant, REAPER_WALKS, Shows, WALKS};
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const M06: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M06",
        scenario: "sc_1v",
        oracles: WALKS,
        sites: REAPER_WALKS,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M06", "exit_mmap waits for the reaper by taking mmap_sem for reading")
    .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        down_read(mmap_sem(mm));
        up_read(mmap_sem(mm));
    }
    free(mm, unmapped);
}
