//! The bug suite: what a harness for this machinery has to find, each bug with how it is recognised.
//!
//! The bugs of the releases, and those of the mutants, each with the failures that it *adds* to those of the release
//! it is built on. Two mutants are not here, as they show nothing in this model; they say why.

use crate::case::Signature;
use crate::oracle::skipped;
use mmreap::exit::exit_mmap::EXIT_MMAP;
use mmreap::oom::oom_reap_task::OOM_REAP_TASK;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::trace::{Kind, SkipReason};
use mmreap_mutants::{MUTANTS, REAPER_WALKS, Shows, WALKS, ZERO_PAGE};
use std::sync::LazyLock;

/// A bug, and how a failure is recognised as it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// Its number in reports. A bug of two releases is in the suite twice.
    pub id: &'static str,
    /// The release or mutant that has it.
    pub kernel: &'static str,
    /// Its standard scenario: the smallest case known that shows it, a file in `tests/scenarios/`.
    pub scenario: &'static str,
    /// The oracles that may hear of it.
    pub oracles: &'static [&'static str],
    /// The sites of its signature, exactly; none if any will do.
    pub sites: &'static [&'static str],
    /// The kind of object; none if any will do.
    pub object: Option<&'static str>,
}

impl Bug {
    /// Whether a failure with the signature is this bug.
    pub fn is(&self, signature: &Signature) -> bool {
        let sites = self.sites.is_empty() || signature.sites == self.sites;
        let object = self.object.is_none_or(|object| signature.object == object);
        sites && object && self.oracles.contains(&&*signature.oracle)
    }
}

/// All bugs by their numbers. B01 is that of a repair that was not taken, and so of a mutant.
pub static SUITE: LazyLock<Vec<Bug>> = LazyLock::new(|| {
    let mutants = MUTANTS.iter().filter_map(|mutant| Some((mutant.kernel.name, mutant.shows?)));
    let mut all: Vec<Bug> = released().into_iter().chain(mutants).map(bug).collect();
    all.sort_by_key(|bug| bug.id);
    all
});

/// The bugs of the releases: the release that is attacked for it, and how it is recognised.
fn released() -> [(&'static str, Shows); 7] {
    [
        ("v4.13", shows("B02", "sc_2p", &["O-SPUR"], &*NO_USERS)),
        ("v4.14", shows("B04", "sc_proc", WALKS, REAPER_WALKS)),
        ("v4.14", shows("B05", "sc_mlock", &["O-PT-UAF"], EXIT_WALKS)),
        ("v4.15", shows("B05", "sc_mlock", &["O-PT-UAF"], EXIT_WALKS)),
        ("v4.9", shows("B06", "sc_writer", &["O-DATA"], ZERO_PAGE)),
        ("v4.13", shows("B20", "sc_notif", &["O-NOTIF"], REAPS)),
        (
            "v4.15",
            Shows {
                object: Some(Kind::Kioctx.name()),
                ..shows("B55", "sc_io_lookup", &["O-MM-UAF"], &[])
            },
        ),
    ]
}

/// The reaper takes an address space without users for one that is gone.
static NO_USERS: LazyLock<[&str; 2]> =
    LazyLock::new(|| [OOM_REAP_TASK.name(), skipped(SkipReason::NoUsers).leak()]);

/// The reaper tells no secondary MMU.
const REAPS: &[&str] = &[OOM_REAP_TASK_MM.name()];

/// The walk of the exit path meets what the reaper has freed.
const EXIT_WALKS: &[&str] = &[EXIT_MMAP.name(), OOM_REAP_TASK_MM.name()];

const fn shows(
    bug: &'static str,
    scenario: &'static str,
    oracles: &'static [&'static str],
    sites: &'static [&'static str],
) -> Shows {
    Shows { bug, scenario, oracles, sites, object: None }
}

fn bug((kernel, shows): (&'static str, Shows)) -> Bug {
    let Shows { bug: id, scenario, oracles, sites, object } = shows;
    Bug { id, kernel, scenario, oracles, sites, object }
}
