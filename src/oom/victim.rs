//! How many victims there are: `oom_victims`, threads that are marked and have not finished `exit_mm`.
//!
//! Who is marked, and who no longer, is for [`super::mark_oom_victim`] and [`super::exit_oom_victim`] to say.

use super::OOM;
use crate::sync::atomic::{ATOMIC_DEC, ATOMIC_INC};
use crate::sync::point::{Access, point};
use crate::trace::noun::OOM_VICTIMS;
use crate::trace::{EventKind, record};
use crate::world::world;

/// `atomic_inc(&oom_victims)`.
pub fn inc_oom_victims() {
    add(ATOMIC_INC, 1);
}

/// `atomic_dec_return(&oom_victims)`.
pub fn dec_oom_victims() -> i32 {
    add(ATOMIC_DEC, -1)
}

fn add(verb: &'static str, delta: i32) -> i32 {
    point(OOM, Access::Update, verb, OOM_VICTIMS);
    let (old, new) = world(|w| {
        let old = w.oom.victims;
        w.oom.victims += delta;
        w.oom.fewest_victims = w.oom.fewest_victims.min(w.oom.victims);
        (old, w.oom.victims)
    });
    record(OOM, EventKind::Count { old, new });
    new
}
