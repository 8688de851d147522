//! `mmput_async`: drop the latest reference from a kernel worker.

use super::mmput::drop_latest;
use super::{Call, Kind, Next, Rule, Who};
use mmreap::workqueue;

/// `mmput_async`.
pub static MMPUT_ASYNC: Kind = Kind::new(
    "mmput_async",
    Who::Both,
    "drop the latest reference of this thread from a kernel worker",
    perform,
)
.rule(Rule::Drop)
.weights(3, 6);

fn perform(_: &Call<'_>) -> Next {
    drop_latest(workqueue::mmput_async);
    Next::Operation
}
