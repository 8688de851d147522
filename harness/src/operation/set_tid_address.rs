//! `set_tid_address VMA`: the kernel clears a number in its first page when the thread exits.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::exit::mm_release;

/// `set_tid_address VMA`.
pub static SET_TID_ADDRESS: Kind = Kind::new(
    "set_tid_address",
    Who::User,
    "the kernel stores 0 to its first page when the thread exits, unless it is the last user",
    perform,
)
.parameters(&[Parameter::Vma]);

fn perform(call: &Call<'_>) -> Next {
    mm_release::set_tid_address(call.pages().start);
    Next::Operation
}
