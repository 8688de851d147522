//! M15: `exit_oom_victim` drops the reference on the address space, which the reaper and the OOM killer still use.

use crate::m14::free_signal_struct;
use crate::{Mutant, Shows};
use mmreap::oom::OOM;
use mmreap::oom::victim::dec_oom_victims;
use mmreap::prelude::*;
use mmreap::sync::wait::wake_up;
use mmreap::trace::noun::OOM_MM;

/// The mutant.
pub const M15: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M15",
        scenario: "sc_1v",
        oracles: &["O-MM-UAF"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M15", "the reference on oom_mm is dropped when the victim is no longer marked")
    .exit_oom_victim(exit_oom_victim)
    .free_signal_struct(free_signal_struct);

/// `exit_oom_victim`.
fn exit_oom_victim(task: Handle<Task>) {
    let _call = protocol("exit_oom_victim", task.object());
    clear_bit(task, TaskFlag::Memdie);
    if dec_oom_victims() == 0 {
        wake_up(OOM, "oom_victims_wait");
    }
    let signal = task.peek(|task| task.signal);
    signal.peek_at(OOM_MM, |signal| signal.oom_mm).into_iter().for_each(mmdrop);
}
