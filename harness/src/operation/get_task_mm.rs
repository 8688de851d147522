//! `get_task_mm PROCESS`: take a user reference on its address space.

use super::{Call, Kind, Next, Parameter, Rule, Who};
use mmreap::syscall::proc::pin;
use mmreap::task::current;
use mmreap::trace::noun::PINS;

/// `get_task_mm PROCESS`.
pub static GET_TASK_MM: Kind =
    Kind::new("get_task_mm", Who::Both, "take a user reference on its address space", perform)
        .parameters(&[Parameter::Process])
        .rule(Rule::Take)
        .weights(6, 10);

fn perform(call: &Call<'_>) -> Next {
    if let Some(mm) = pin(call.process()) {
        current().poke_at(PINS, |task| task.pins.push(mm));
    }
    Next::Operation
}
