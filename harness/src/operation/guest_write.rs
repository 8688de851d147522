//! `guest_write PROCESS VMA`: stores to every page through a secondary MMU of the process.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::guest;

/// `guest_write PROCESS VMA`.
pub static GUEST_WRITE: Kind = Kind::new(
    "guest_write",
    Who::Both,
    "store to each page through a secondary MMU of the process",
    perform,
)
.parameters(&[Parameter::Host, Parameter::Vma])
.weights(4, 6);

fn perform(call: &Call<'_>) -> Next {
    let _short = guest::guest_write(call.process(), call.pages(), call.content());
    Next::Operation
}
