//! M13: `exit_mmap` sets `MMF_OOM_SKIP` after the tables are gone.

use crate::{Mutant, REAPER_WALKS, Shows, WALKS};
use mmreap::exit::exit_mmap::{EXIT_MMAP, remove_vmas, unmap};
use mmreap::mm::free_pgtables::free_pgtables;
use mmreap::mm::gather::tlb_finish_mmu;
use mmreap::prelude::*;

/// The mutant.
pub const M13: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M13",
        scenario: "sc_1v",
        oracles: WALKS,
        sites: REAPER_WALKS,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M13", "exit_mmap sets MMF_OOM_SKIP after it freed the page tables")
    .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some((gather, vma)) = unmap(mm) else { return };
    let is_victim = test_bit(mm, MmFlag::OomVictim);
    if is_victim {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free_pgtables(mm, Some(vma), 0, u32::MAX);
    if is_victim {
        set_bit(mm, MmFlag::OomSkip);
    }
    tlb_finish_mmu(gather);
    remove_vmas(vma);
}
