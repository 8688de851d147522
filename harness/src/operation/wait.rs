//! `wait PROCESS`: wait for a child and release it.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::exit::exit_notify::sys_wait4;

/// `wait PROCESS`.
pub static WAIT: Kind = Kind::new("wait", Who::User, "wait for a child and release it", perform)
    .parameters(&[Parameter::Child])
    .weights(3, 0);

fn perform(call: &Call<'_>) -> Next {
    sys_wait4(call.process());
    Next::Operation
}
