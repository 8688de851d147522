//! `sleep N`: N jiffies, ended early by a fatal signal.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::sync::time::schedule_timeout_killable;

/// `sleep N`.
pub static SLEEP: Kind =
    Kind::new("sleep", Who::Both, "N jiffies, ended early by a fatal signal", perform)
        .parameters(&[Parameter::Jiffies])
        .weights(6, 8);

fn perform(call: &Call<'_>) -> Next {
    schedule_timeout_killable(call.number());
    Next::Operation
}
