//! `guest_read PROCESS VMA`: loads from every page through a secondary MMU of the process.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::guest;

/// `guest_read PROCESS VMA`.
pub static GUEST_READ: Kind = Kind::new(
    "guest_read",
    Who::Both,
    "load from each page through a secondary MMU of the process",
    perform,
)
.parameters(&[Parameter::Host, Parameter::Vma])
.weights(3, 3);

fn perform(call: &Call<'_>) -> Next {
    let _short = guest::guest_read(call.process(), call.pages());
    Next::Operation
}
