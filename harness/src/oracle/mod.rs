//! Oracles: each judges a finished run by its events and objects, and names what it found.
//!
//! No oracle knows which revision ran. One file per oracle (or family), whose head says what it promises
//! and what it tolerates, and which has the [`Rule`] that it watches; and one line in [`oracles!`](crate::oracles).
//! [`add`] makes one from outside as good as these. A failure's [`Signature`] is what makes two failures the same bug: the oracle,
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
use mmreap::trace::{Actor, Event, Kind, ObjectRef, Role, Site, SkipReason};
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
mod obligations;
mod rule;
mod skip;
mod victims;

pub use added::add;
pub use rule::{Apart, Rule};

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

/// Judges finished runs: one file that implements this, and one line in the list of all.
///
/// It sees events and objects only, and it is a function of the trace, as the [module](self) says: proofs rely on it.
///
/// ```
/// use mmreap::prelude::*;
/// use mmreap::world::World;
/// use mmreap_harness::case::Signature;
/// use mmreap_harness::oracle::{self, Apart, Failure, Oracle, Rule};
///
/// static ONCE: Rule = Rule {
///     name: "once",
///     text: "whoever has been reaped is not reaped again",
///     source: "a comment in oom_reap_task",
///     noticed: "there is something left to take",
///     other: "its pass is the last",
///     apart: Apart::Places,
/// };
///
/// /// No address space is reaped twice.
/// struct OncePerVictim;
///
/// impl Oracle for OncePerVictim {
///     fn judge(&self, world: &World) -> Option<Failure> {
///         let begins = |&index: &usize| {
///             matches!(world.log[index].kind, EventKind::Trace(Tracepoint::StartTaskReaping))
///         };
///         let starts: Vec<usize> = (0..world.log.len()).filter(begins).collect();
///         let again = starts.windows(2).find(|two| {
///             world.log[two[0]].object == world.log[two[1]].object
///         })?;
///         Some(Failure::of_events(world, "O-ONCE", "reaped twice", &[again[1], again[0]]))
///     }
///
///     fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
///         if failure.oracle == "O-ONCE" { vec![&ONCE] } else { Vec::new() }
///     }
/// }
///
/// oracle::add(&OncePerVictim);
/// ```
pub trait Oracle: Sync {
    /// The failure of the run that is in the world, if it failed.
    fn judge(&self, world: &World) -> Option<Failure>;

    /// Whether it can have anything to say because this happened. A run without any such event is not judged: most runs
    /// pass, and most oracles need not look at them.
    fn concerns(&self, _event: &Event) -> bool {
        true
    }

    /// The rules that a failure breaks, the main one first; none if it is another oracle's. Explanations show them, and
    /// failures are counted by the main one.
    fn rules(&self, _failure: &Signature) -> Vec<&'static Rule> {
        Vec::new()
    }
}

/// Hands every oracle that is part of mmreap to a macro, in the order in which they are heard: what breaks memory comes
/// before what follows from it. Each has the names of its failures, and for each what a function may be called that is
/// about it alone; a name that several oracles use has one line all the same.
#[macro_export]
macro_rules! oracles {
    ($callback:ident) => {
        $callback! {
            memory::Memory {
                o_pt_uaf "O-PT-UAF", o_vma_uaf "O-VMA-UAF", o_mm_uaf "O-MM-UAF", o_task_uaf "O-TASK-UAF",
                o_double "O-DOUBLE", o_pagemap "O-PAGEMAP", o_tlb "O-TLB", o_oops "O-OOPS"
            }
            list::List { o_list "O-LIST" }
            victims::Victims { o_nv "O-NV" }
            lock_order::LockOrder { o_lock "O-LOCK" }
            data::Data { o_data "O-DATA" }
            skip::SecondKill { o_spur "O-SPUR" }
            asker::Asking {}
            notifiers::Notifiers { o_notif "O-NOTIF" }
            live::Live { o_live "O-LIVE" }
            skip::GivenUp { o_inv_skip "O-INV-SKIP" }
            leak::Leak { o_leak "O-LEAK" }
            bug::Bug { o_bug "O-BUG" }
        }
    };
}

macro_rules! all {
    ($($module:ident::$oracle:ident { $($function:ident $name:literal),* })*) => {
        const ORACLES: &[&dyn Oracle] = &[$(&$module::$oracle),*];

        const NAMES: &[&str] = &[$($($name,)*)*];

        /// Which oracles an event concerns, a bit each. Their types are known here, so that the compiler makes one question
        /// of all.
        fn concerned(event: &Event) -> u32 {
            let concerned = [$($module::$oracle.concerns(event)),*];
            let bits = concerned.iter().enumerate().map(|(number, &it)| u32::from(it) << number);
            bits.fold(0, |all, bit| all | bit)
        }
    };
}

oracles!(all);

const _: () = assert!(ORACLES.len() <= u32::BITS as usize, "each has a bit");

/// Judges the run that is in the world. The first oracle that speaks is heard.
pub fn judge(world: &World) -> Option<Failure> {
    // No branches, which nobody could predict.
    let concerned = world.log.iter().fold(0, |all, event| all | concerned(event));
    let heard = ORACLES.iter().enumerate().filter(|(number, _)| concerned >> number & 1 != 0);
    let failure = heard.into_iter().find_map(|(_, oracle)| oracle.judge(world));
    let is_listed = |it: &Failure| NAMES.contains(&&*it.signature.oracle);
    debug_assert!(failure.iter().all(is_listed), "the line of an oracle lacks a name");
    failure.or_else(|| added::judge(world))
}

/// The rules that a failure breaks, the main one first; none if no oracle says so.
pub fn broken(failure: &Signature) -> Vec<&'static Rule> {
    let all = ORACLES.iter().copied().chain(added::ADDED.all());
    all.map(|oracle| oracle.rules(failure)).find(|rules| !rules.is_empty()).unwrap_or_default()
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
fn is_skip(site: &str) -> bool {
    site.starts_with(&skip_of())
}

fn skip_of() -> String {
    format!("{}/skip(", OOM_REAP_TASK_MM.name())
}

/// A function in a signature that somebody else calls than who mostly does.
fn by(function: &str, role: Role) -> String {
    format!("{function}/by({})", role.name())
}
