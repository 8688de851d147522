//! Oracles: each judges a finished run by its events and objects, and names what it found.
//!
//! No oracle knows which revision ran. One file per oracle (or family), whose head says what it promises
//! and what it tolerates. A failure's [`Signature`] is what makes two failures the same bug: the oracle,
//! the kind of object, and the two protocol functions that are in conflict, the one that noticed first.

use crate::case::Signature;
use mmreap::trace::{Kind, ObjectRef, Site};
use mmreap::world::World;

mod data;
mod leak;
mod list;
mod live;
mod lock_order;
mod memory;
mod skip;
mod victims;

/// What an oracle found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What makes it the same bug as another.
    pub signature: Signature,
    /// One line in the manner of KASAN.
    pub headline: String,
    /// The object it is about.
    pub object: ObjectRef,
    /// Indices of the events that matter most, in the order of the log.
    pub events: Vec<u32>,
    /// Further lines for a reader: who allocated, who freed, who waits.
    pub details: Vec<String>,
}

/// Judges the run that is in the world. The first oracle that speaks is heard: what breaks memory comes
/// before what follows from it.
pub fn judge(world: &World) -> Option<Failure> {
    ORACLES.iter().find_map(|oracle| oracle(world))
}

type Oracle = fn(&World) -> Option<Failure>;

const ORACLES: [Oracle; 9] = [
    memory::judge,
    list::judge,
    victims::judge,
    lock_order::judge,
    data::judge,
    skip::judge_second_kill,
    live::judge,
    skip::judge_given_up,
    leak::judge,
];

/// A signature from an oracle's name, a kind of object and the sites in conflict.
fn signature(oracle: &str, kind: Kind, sites: &[Site]) -> Signature {
    Signature {
        oracle: oracle.to_string(),
        object: kind.name().to_string(),
        sites: sites.iter().map(|site| site.protocol.to_string()).collect(),
    }
}

/// Where an event of the log happened.
fn event_site(world: &World, index: usize) -> Site {
    world.log[index].site
}
