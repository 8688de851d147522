//! M11: `exit_mmap` sets `MMF_OOM_SKIP` before anything is unmapped.

use crate::{Mutant, Shows};
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap};
use mmreap::prelude::*;

/// The mutant.
pub const M11: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M11",
        scenario: "sc_2p_any",
        oracles: &["O-SPUR"],
        sites: &[EXIT_MMAP.name()],
        object: None,
    }),
};

static KERNEL: Revision =
    V4_15.patched("v4.15+M11", "exit_mmap sets MMF_OOM_SKIP before it unmaps").exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let is_victim = test_bit(mm, MmFlag::OomVictim);
    if is_victim {
        set_bit(mm, MmFlag::OomSkip);
    }
    let Some(unmapped) = unmap(mm) else { return };
    if is_victim {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free(mm, unmapped);
}
