//! `proc_maps PROCESS`: read /proc/PID/maps.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::syscall::proc;

/// `proc_maps PROCESS`.
pub static PROC_MAPS: Kind = Kind::new("proc_maps", Who::User, "read /proc/PID/maps", perform)
    .parameters(&[Parameter::Process])
    .weights(4, 0);

fn perform(call: &Call<'_>) -> Next {
    proc::proc_maps(call.process());
    Next::Operation
}
