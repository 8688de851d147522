//! `write_file VMA`: write(2) of every page into a shared file.

use super::{Call, Kind, Next, Parameter, Who};

/// `write_file VMA`.
pub static WRITE_FILE: Kind =
    Kind::new("write_file", Who::User, "write(2) of each page into a shared file", perform)
        .parameters(&[Parameter::Vma])
        .touches()
        .weights(6, 0);

fn perform(call: &Call<'_>) -> Next {
    super::call::copy(call.mm(), call.pages());
    Next::Operation
}
