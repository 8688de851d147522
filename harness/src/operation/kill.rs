//! `kill PROCESS`: SIGKILL.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::task::kill_pid;

/// `kill PROCESS`.
pub static KILL: Kind = Kind::new("kill", Who::Both, "SIGKILL", perform)
    .parameters(&[Parameter::Process])
    .weights(6, 8);

fn perform(call: &Call<'_>) -> Next {
    kill_pid(call.process());
    Next::Operation
}
