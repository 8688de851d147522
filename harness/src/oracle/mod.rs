//! Oracles: each judges a finished run by its events and objects, and names what it found.
//!
//! No oracle knows which revision ran. One file per oracle (or family), whose head says what it promises
//! and what it tolerates. A failure's [`Signature`] is what makes two failures the same bug: the oracle,
//! the kind of object, and the two protocol functions that are in conflict, the one that noticed first.
//!
//! An oracle is a function of the trace, not of one order of it: a proof runs one order of each trace, and takes
//! its verdict for that of all others. So an oracle compares events of one thread; or events of different
//! threads whose steps are in conflict, be it only because one of them is judged against the other, which is
//! then a touch of its step (`judged` in [`mmreap::trace`]); or it looks at what is left when nothing can
//! happen any more. It does not ask at which jiffy something happened, nor whether somebody had to sleep, and what it
//! picks out of several things it picks by name. In a run that ended early it sees only what others may
//! add to. `tests/orders.rs` holds all of them to it.

use crate::case::Signature;
use crate::case::check::bounds::is_oracle;
use mmreap::trace::{Event, Kind, ObjectRef, Site, What};
use mmreap::world::World;

mod added;
mod asker;
mod data;
mod leak;
mod ledger;
mod list;
mod live;
mod lock_order;
mod memory;
mod notifiers;
pub mod own;
mod skip;
mod victims;

pub use added::{Oracle, add};

/// What an oracle found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What makes it the same bug as another.
    pub signature: Signature,
    /// What happened, as a noun: `use-after-free`.
    pub title: &'static str,
    /// The object it is about.
    pub object: ObjectRef,
    /// Indices of the events that matter most, in the order of the log.
    pub events: Vec<u32>,
    /// Further lines for a reader: who allocated, who freed, who waits.
    pub details: Vec<String>,
}

impl Failure {
    /// What an oracle found at one or two events of the log, the one that noticed first. The object is that of the first.
    ///
    /// # Panics
    ///
    /// If there is no event, or if the name is none of an oracle, such as `O-MINE`.
    pub fn of_events(world: &World, oracle: &str, title: &'static str, events: &[usize]) -> Self {
        assert!(is_oracle(oracle), "{oracle} is no name of an oracle, such as O-MINE");
        let sites: Vec<Site> = events.iter().map(|&index| event_site(world, index)).collect();
        let object = world.log[events[0]].object;
        let mut events: Vec<u32> = events.iter().map(|&index| index as u32).collect();
        events.sort_unstable();
        let signature = signature(oracle, object.kind, &sites);
        Failure { signature, title, object, events, details: Vec::new() }
    }

    /// The failure in a line in the manner of KASAN, made of what makes it the same bug as another, so that
    /// whoever groups reports by their headlines groups them right.
    pub fn headline(&self) -> String {
        let Signature { object, sites, .. } = &self.signature;
        let object =
            if object == Kind::None.name() { String::new() } else { format!(" of {object}") };
        format!("{}{object} in {}", self.title, sites.join(" / "))
    }
}

/// Judges the run that is in the world. The first oracle that speaks is heard: what breaks memory comes
/// before what follows from it.
pub fn judge(world: &World) -> Option<Failure> {
    let seen = Seen::in_log(&world.log);
    let heard = ORACLES.iter().filter(|(matters, _)| matters(&seen));
    heard.into_iter().find_map(|(_, judge)| judge(world)).or_else(|| added::judge(world))
}

type Judge = fn(&World) -> Option<Failure>;

/// Whether an oracle can have anything to say.
type Matters = fn(&Seen) -> bool;

/// Oracles, each with what must have happened for it to matter: most runs pass, and most oracles need not
/// look at them.
const ORACLES: [(Matters, Judge); 11] = [
    (|_| true, memory::judge),
    (|seen| seen.queued, list::judge),
    (|seen| seen.marked, victims::judge),
    (|_| true, lock_order::judge),
    (|seen| seen.read, data::judge),
    (|seen| seen.kills > 1, skip::judge_second_kill),
    (|seen| seen.kills > 0, asker::judge),
    (|_| true, notifiers::judge),
    (|_| true, live::judge),
    (|seen| seen.marked && seen.given_up, skip::judge_given_up),
    (|_| true, leak::judge),
];

/// What happened at all in a run.
#[derive(Default)]
struct Seen {
    /// Somebody read user memory, or could not.
    read: bool,
    /// A task was put on the reaper's queue, or taken off it.
    queued: bool,
    /// A task was marked, or the count of victims changed.
    marked: bool,
    /// An address space was given up on.
    given_up: bool,
    /// Kills.
    kills: u32,
}

impl Seen {
    fn in_log(log: &[Event]) -> Self {
        let mut seen = Seen::default();
        for Event { what, object, site, .. } in log {
            // No branches, which nobody could predict.
            seen.read |= matches!(what, What::UserRead { .. } | What::UserFault { .. });
            seen.queued |= matches!(what, What::Enqueue | What::Dequeue);
            seen.marked |= matches!(what, What::Marked)
                | (matches!(what, What::Count { .. }) & (object.kind == Kind::OomKiller));
            seen.given_up |=
                matches!(what, What::SetFlag { was: false }) && site.noun() == "MMF_OOM_SKIP";
            seen.kills += u32::from(matches!(what, What::Kill));
        }
        seen
    }
}

/// A signature from an oracle's name, a kind of object and the sites in conflict.
fn signature(oracle: &str, kind: Kind, sites: &[Site]) -> Signature {
    Signature {
        oracle: oracle.to_string(),
        object: kind.name().to_string(),
        sites: sites.iter().map(|site| site.protocol().to_string()).collect(),
    }
}

/// Where an event of the log happened.
fn event_site(world: &World, index: usize) -> Site {
    world.log[index].site
}
