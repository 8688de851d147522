//! `mmap VMA`: map a VMA that is declared `unmapped`.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::mm::mmap::sys_mmap;

/// `mmap VMA`.
pub static MMAP: Kind =
    Kind::new("mmap", Who::User, "map a VMA that is declared `unmapped`", perform)
        .parameters(&[Parameter::Unmapped])
        .weights(4, 0);

fn perform(call: &Call<'_>) -> Next {
    sys_mmap(call.mm(), call.vma());
    Next::Operation
}
