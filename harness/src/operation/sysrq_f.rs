//! `sysrq_f`: a kernel thread invokes the OOM killer by hand.

use super::{Call, Kind, Next, Who};
use mmreap::oom::moom_callback::moom_callback;

/// `sysrq_f`.
pub static SYSRQ_F: Kind =
    Kind::new("sysrq_f", Who::Kernel, "invoke the OOM killer", perform).weights(0, 6);

fn perform(_: &Call<'_>) -> Next {
    moom_callback();
    Next::Operation
}
