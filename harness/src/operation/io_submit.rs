//! `io_submit CONTEXT COMPLETION`: submit an AIO request, which is a task of its own until it completes.

use super::{Call, Kind, Next, Parameter, Who};
use mmreap::aio;

/// `io_submit CONTEXT COMPLETION`.
pub static IO_SUBMIT: Kind = Kind::new(
    "io_submit",
    Who::User,
    "submit a request that completes `after N`, `error after N` (jiffies), `after_alloc`, `never`",
    perform,
)
.parameters(&[Parameter::Context, Parameter::Completion])
.weights(12, 0);

fn perform(call: &Call<'_>) -> Next {
    aio::io_submit(call.mm(), call.context(), call.request());
    Next::Operation
}
