//! `io_destroy CONTEXT`: destroy the context.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::aio;

/// `io_destroy CONTEXT`.
pub static IO_DESTROY: Kind = Kind::new("io_destroy", Who::User, "destroy the context", perform)
    .parameters(&[Parameter::Context])
    .weights(4, 0);

fn perform(call: &Call<'_>) -> Next {
    aio::io_destroy(call.mm(), call.context());
    Next::Operation
}
