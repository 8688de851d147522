//! `unuse_mm`: give back the address space that `use_mm` borrowed.

use super::{Call, Kind, Next, Rule, Who};
use mmreap::exit::fork;

/// `unuse_mm`.
pub static UNUSE_MM: Kind =
    Kind::new("unuse_mm", Who::Kernel, "give back what it borrows", perform)
        .rule(Rule::GiveBack)
        .weights(0, 6);

fn perform(_: &Call<'_>) -> Next {
    fork::unuse_mm();
    Next::Operation
}
