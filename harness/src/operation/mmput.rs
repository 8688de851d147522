//! `mmput`: drop the latest reference that `get_task_mm` took.

use super::{Call, Kind, Next, Rule, Who};
use mmreap::exit::fork;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::task::current;
use mmreap::trace::noun::PINS;

/// `mmput`.
pub static MMPUT: Kind =
    Kind::new("mmput", Who::Both, "drop the latest reference of this thread", perform)
        .rule(Rule::Drop)
        .weights(6, 8);

fn perform(_: &Call<'_>) -> Next {
    drop_latest(fork::mmput);
    Next::Operation
}

/// Drops the latest reference of the running thread in some way.
pub(super) fn drop_latest(put: fn(Handle<Mm>)) {
    if let Some(mm) = current().poke_at(PINS, |task| task.pins.pop()) {
        put(mm);
    }
}
