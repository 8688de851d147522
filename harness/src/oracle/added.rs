//! Oracles of somebody's own: what a patch promises besides what every kernel has to keep.
//!
//! They are asked after the others, so that what they say is not what breaks memory anyway. What is added is there for
//! the whole process.

use super::{Failure, Oracle};
use crate::registry::Registry;
use mmreap::world::World;

pub(super) static ADDED: Registry<dyn Oracle> = Registry::new();

/// Has every run judged by an oracle, too.
pub fn add(oracle: &'static dyn Oracle) {
    ADDED.add(oracle);
}

pub(super) fn judge(world: &World) -> Option<Failure> {
    let all = ADDED.all();
    let concerned = |oracle: &&&dyn Oracle| world.log.iter().any(|it| oracle.concerns(it));
    all.iter().filter(concerned).find_map(|oracle| oracle.judge(world))
}
