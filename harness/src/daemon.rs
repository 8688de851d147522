//! The machine's own kernel threads: those of the model, and others that a program adds.
//!
//! An added one is in the machine of every case from then on, after all other threads, so that these keep their numbers.

use crate::registry::{Refused, Registry};
use mmreap::boot::DAEMONS;
use mmreap::sync::daemon::Daemon;
use mmreap::sync::thread::CLOCK;

static ADDED: Registry<Daemon> = Registry::new();

/// Those of the model, then those that were added.
pub fn all() -> impl Iterator<Item = &'static Daemon> {
    DAEMONS.iter().chain(added())
}

/// Those that were added.
pub fn added() -> Vec<&'static Daemon> {
    ADDED.all()
}

/// Names that the machine itself uses for its tasks, and that a case must not declare. One that is added comes last.
pub fn reserved() -> Vec<&'static str> {
    let name = |daemon: &'static Daemon| daemon.name;
    DAEMONS.iter().map(name).chain([CLOCK]).chain(added().into_iter().map(name)).collect()
}

/// Puts a kernel thread into the machine of every case. Again is as good as once.
///
/// ```
/// use mmreap::oom::reaper::oom_reaper;
/// use mmreap::prelude::*;
/// use mmreap_harness::daemon;
///
/// /// A second thread for the same queue.
/// static SECOND: Daemon = Daemon::new("oom_reaper2", |_| oom_reaper());
///
/// daemon::add(&SECOND).expect("no other has the name");
/// ```
///
/// # Errors
///
/// If another task of the machine has the name, or if no case could name it.
pub fn add(daemon: &'static Daemon) -> Result<(), Refused> {
    if daemon.name == CLOCK {
        return Err(Refused::Taken(CLOCK));
    }
    ADDED.admit(daemon, daemon.name, all().find(|other| other.name == daemon.name), true)
}
