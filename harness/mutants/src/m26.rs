//! M26: `oom_evaluate_task` waits for every earlier victim.

use crate::{Mutant, Shows};
use mmreap::oom::oom_badness::oom_badness;
use mmreap::oom::select::{Chosen, OomControl, oom_unkillable_task};
use mmreap::prelude::*;
use mmreap::trace::noun::OOM_MM;

/// The mutant.
pub const M26: Mutant = Mutant {
    kernel: &KERNEL,
    shows: Some(Shows {
        bug: "M26",
        scenario: "sc_aio_unreapable",
        oracles: &["O-LIVE"],
        sites: &[],
        object: None,
    }),
};

static KERNEL: Revision = V4_15
    .patched("v4.15+M26", "the search for a victim waits for those that were given up on, too")
    .oom_evaluate_task(oom_evaluate_task);

/// `oom_evaluate_task`.
fn oom_evaluate_task(task: Handle<Task>, oc: &mut OomControl) -> bool {
    let _call = enter("oom_evaluate_task");
    if oom_unkillable_task(task) {
        return false;
    }
    let signal = task.peek(|task| task.signal);
    if !oc.by_hand && read(signal, OOM_MM, |signal| signal.oom_mm).is_some() {
        oc.choose(Chosen::Wait);
        return true;
    }
    let points = oom_badness(task);
    if points > oc.chosen_points {
        oc.choose(Chosen::Process(task));
        oc.chosen_points = points;
    }
    false
}
