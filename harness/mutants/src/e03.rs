//! E03: safe. The order of v6.1 (bf3980c85212), which unmaps with `mmap_sem` held for reading and frees with it held
//! for writing.

use crate::Mutant;
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap_all};
use mmreap::mm::mmu_notifier::mmu_notifier_release;
use mmreap::prelude::*;

/// The mutant.
pub const E03: Mutant = Mutant { kernel: &KERNEL, shows: None };

static KERNEL: Revision =
    V4_15.patched("v4.15+E03", "safe: as in v6.1, tables go with mmap_sem held for writing, so readers have left or see SKIP")
        .exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    mmu_notifier_release(mm);
    down_read(mmap_sem(mm));
    let unmapped = unmap_all(mm);
    up_read(mmap_sem(mm));
    let Some(unmapped) = unmapped else { return };
    set_bit(mm, MmFlag::OomSkip);
    down_write(mmap_sem(mm));
    free(mm, unmapped);
    up_write(mmap_sem(mm));
}
