//! `madvise VMA`: `MADV_DONTNEED`.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::mm::mmap::sys_madvise;

/// `madvise VMA`.
pub static MADVISE: Kind = Kind::new("madvise", Who::User, "`MADV_DONTNEED`", perform)
    .parameters(&[Parameter::Vma])
    .weights(4, 0);

fn perform(call: &Call<'_>) -> Next {
    sys_madvise(call.mm(), call.pages().start);
    Next::Operation
}
