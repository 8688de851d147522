//! Oracles: each judges a finished run by its events and objects, and names what it found.
//!
//! No oracle knows which revision ran. One file per oracle (or family), whose head says what it promises
//! and what it tolerates. A failure's [`Signature`] is what makes two failures the same bug: the oracle,
//! the kind of object, and the two protocol functions that are in conflict, the one that noticed first. Who acts is
//! asked of the event ([`mmreap::trace::Actor`]), and not guessed from a function that several may call.
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
use mmreap::memory::Place;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::trace::noun::MMF_OOM_SKIP;
use mmreap::trace::{Actor, Event, Kind, ObjectRef, Role, Site, SkipReason, What};
use mmreap::world::World;

mod added;
mod asker;
mod bug;
mod data;
mod leak;
mod ledger;
mod list;
mod live;
mod lock_order;
mod memory;
mod notifiers;
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
        let deeds: Vec<Deed> = events.iter().map(|&index| Deed::at(world, index)).collect();
        let object = world.log[events[0]].object;
        let mut events: Vec<u32> = events.iter().map(|&index| index as u32).collect();
        events.sort_unstable();
        let signature = signature(oracle, object.kind, &deeds);
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
const ORACLES: [(Matters, Judge); 12] = [
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
    (|seen| seen.warned, bug::judge),
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
    /// The kernel warned of itself.
    warned: bool,
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
            seen.warned |= matches!(what, What::Warning);
            seen.given_up |=
                matches!(what, What::SetFlag { was: false }) && site.noun() == MMF_OOM_SKIP;
            seen.kills += u32::from(matches!(what, What::Kill));
        }
        seen
    }
}

/// A signature from an oracle's name, a kind of object and the deeds in conflict.
fn signature(oracle: &str, kind: Kind, deeds: &[Deed]) -> Signature {
    Signature {
        oracle: oracle.to_string(),
        object: kind.name().to_string(),
        sites: deeds.iter().map(Deed::text).collect(),
    }
}

/// Who did something, and where.
#[derive(Clone, Copy)]
struct Deed {
    actor: Actor,
    site: Site,
}

impl Deed {
    /// What an event of the log tells.
    fn at(world: &World, index: usize) -> Self {
        let Event { actor, site, .. } = world.log[index];
        Deed { actor, site }
    }

    /// As signatures have it: the function of the protocol. A pass over a victim is the reaper's unless it is said
    /// whose.
    fn text(&self) -> String {
        let function = self.site.protocol();
        match self.actor {
            Actor { role: Role::Pass, of } if of != Role::Reaper => by(function, of),
            _ => function.to_string(),
        }
    }
}

impl From<Place> for Deed {
    fn from(Place { actor, site, .. }: Place) -> Self {
        Deed { actor, site }
    }
}

/// In a signature, that the pass was skipped after which the reaper gave up.
pub fn skipped(reason: SkipReason) -> String {
    format!("{}{})", skip_of(), reason.name())
}

/// Whether a place of a signature says so.
pub fn is_skip(site: &str) -> bool {
    site.starts_with(&skip_of())
}

fn skip_of() -> String {
    format!("{}/skip(", OOM_REAP_TASK_MM.name())
}

/// A function in a signature that somebody else calls than who mostly does.
pub fn by(function: &str, role: Role) -> String {
    format!("{function}/by({})", role.name())
}
