//! `vfork PROCESS`: start the process, which borrows this address space, and wait for its exit.

use super::{Call, Kind, Next, Parameter, Rule, Who};
use mmreap::syscall::vfork::sys_vfork;

/// `vfork PROCESS`.
pub static VFORK: Kind = Kind::new(
    "vfork",
    Who::User,
    "start the child in this address space, and wait for its exit",
    perform,
)
.parameters(&[Parameter::Child])
.rule(Rule::Start);

fn perform(call: &Call<'_>) -> Next {
    sys_vfork(call.process());
    Next::Operation
}
