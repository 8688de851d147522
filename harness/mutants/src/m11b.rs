//! M11b: `__mmput` sets `MMF_OOM_SKIP` before its first step, which may block.

use crate::{Mutant, Shows};
use mmreap::aio::exit_aio::exit_aio;
use mmreap::exit::exit_mmap::exit_mmap;
use mmreap::exit::mmput_final::{MMPUT_FINAL, mm_put_huge_zero_page, module_put, set_mm_exe_file};
use mmreap::khugepaged::khugepaged_exit;
use mmreap::ksm::ksm_exit;
use mmreap::prelude::*;
use mmreap::trace::noun::MM_USERS;

/// The mutant.
pub const M11B: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M11b",
        scenario: "sc_2p",
        oracles: &["O-SPUR", "O-INV-SKIP"],
        sites: &[MMPUT_FINAL.name()],
        object: None,
    }),
};

static KERNEL: Revision =
    V4_15.patched("v4.15+M11b", "__mmput sets MMF_OOM_SKIP before exit_aio").mmput(mmput);

/// `__mmput`.
fn mmput(mm: Handle<Mm>) {
    let _call = protocol(MMPUT_FINAL, mm.object());
    bug_on(mm.peek_at(MM_USERS, |mm| mm.users != 0), Assertion::MM_USERS, mm.object());
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    exit_aio(mm);
    ksm_exit(mm);
    khugepaged_exit(mm);
    exit_mmap(mm);
    mm_put_huge_zero_page(mm);
    set_mm_exe_file(mm);
    module_put(mm);
    mmdrop(mm);
}
