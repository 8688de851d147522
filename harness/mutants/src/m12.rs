//! M12: nobody looks at `MMF_UNSTABLE`.

use crate::{Mutant, Shows, ZERO_PAGE};
use mmreap::mm::check_stable;
use mmreap::prelude::*;

/// The mutant.
pub const M12: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M12",
        scenario: "sc_writer2",
        oracles: &["O-DATA"],
        sites: ZERO_PAGE,
        object: None,
    }),
};

static KERNEL: Revision =
    V4_15.patched("v4.15+M12", "nobody looks at MMF_UNSTABLE").check_stable(check_stable::v4_9);
