//! M03: `exit_mmap` waits for the reaper if the current task is a victim, as in v4.14 (B04).

use crate::{Mutant, REAPER_WALKS, Shows, WALKS};
use mmreap::exit::exit_mmap;
use mmreap::prelude::*;

/// The mutant.
pub const M03: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M03",
        scenario: "sc_sharer",
        oracles: WALKS,
        sites: REAPER_WALKS,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched(
        "v4.15+M03",
        "exit_mmap waits for the reaper if the current task is a victim, as in v4.14",
    )
    .exit_mmap(exit_mmap::v4_14);
