//! `copy_from_user PROCESS VMA`: a kernel thread reads the memory that it borrowed.

use super::call::{copy, own_mm};
use super::{Call, Kind, Next, Parameter, Who};

/// `copy_from_user PROCESS VMA`.
pub static COPY_FROM_USER: Kind =
    Kind::new("copy_from_user", Who::Kernel, "read the memory that is borrowed", perform)
        .parameters(&[Parameter::Borrowed, Parameter::Vma])
        .weights(0, 30);

fn perform(call: &Call<'_>) -> Next {
    own_mm().into_iter().for_each(|mm| copy(mm, call.pages()));
    Next::Operation
}
