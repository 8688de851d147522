//! M12c: `MMF_UNSTABLE` is tested at the end of a fault, for every task, when others can use the page.

use crate::{Mutant, Shows, ZERO_PAGE};
use mmreap::mm::check_stable;
use mmreap::mm::fault::{VmFault, resolve};
use mmreap::prelude::*;

/// The mutant.
pub const M12C: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M12c",
        scenario: "sc_writer2",
        oracles: &["O-DATA"],
        sites: ZERO_PAGE,
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M12c", "MMF_UNSTABLE is tested after a fault has installed its page")
    .handle_mm_fault(handle_mm_fault)
    .check_stable(check_stable::v4_9);

/// `handle_mm_fault`.
fn handle_mm_fault(vma: Handle<Vma>, page: u32, write: bool) -> Result<(), VmFault> {
    let mm = vma.peek(|vma| vma.mm);
    let _call = protocol("handle_mm_fault", mm.object());
    resolve(vma, page, write)?;
    check_stable::v4_13(mm)
}
