//! M04: `exit_mmap` does not wait for the reaper. Nightly runs have to find it, or they are broken.

use crate::{Mutant, REAPER_WALKS, Shows, WALKS};
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const M04: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M04",
        scenario: "sc_1v",
        oracles: WALKS,
        sites: REAPER_WALKS,
        object: None,
    }),
};

static KERNEL: Revision =
    V4_15.patched("v4.15+M04", "exit_mmap does not wait for the reaper").exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    free(mm, unmapped);
}
