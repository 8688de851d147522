//! What a run came to besides its verdict: no failure, but no news that may be kept back either.
//!
//! A run that comes to rest with a victim of the OOM killer asleep for ever, or with anybody else who was
//! killed or is on its way out, has not shown that all is well, though nobody may wait for its memory; nor has
//! one that ends in a panic, though there may have been nobody to kill. It is the same for every order of a
//! trace: how it ended, who is left, and where each of them sleeps. It is no part of verdict or signature.

use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::sync::bits::Flag;
use mmreap::task::TaskFlag;
use mmreap::trace::Role;
use mmreap::world::{End, Stuck, World};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// What is to be said of a run, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct News {
    /// Who was to die and never will.
    pub stuck: BTreeSet<Doomed>,
    /// Nobody was left to kill.
    pub panic: bool,
}

/// A task that dies, or that takes a victim's address space down, and does not get any further.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Doomed {
    /// Its name.
    pub task: String,
    /// Where it is.
    pub site: String,
}

impl News {
    /// Of the run that is in the world.
    pub fn of(world: &World) -> Self {
        let at_rest = matches!(world.end, Some(End::Quiescent | End::Livelock));
        let stuck = world.stuck.iter().filter(|_| at_rest);
        let doomed = stuck.filter(|stuck| dies(world, stuck) || buries(world, stuck));
        let named = |stuck: &Stuck| Doomed {
            task: world.threads()[stuck.thread.index()].name.clone(),
            site: stuck.site.to_string(),
        };
        News { stuck: doomed.map(named).collect(), panic: world.end == Some(End::Panic) }
    }

    /// What is to be said of other runs, too.
    pub fn add(&mut self, other: News) {
        self.stuck.extend(other.stuck);
        self.panic |= other.panic;
    }

    /// Each in a few words.
    pub fn items(&self) -> impl Iterator<Item = String> {
        let stuck = self.stuck.iter().map(|it| format!("{} stuck in {}", it.task, it.site));
        let panic = self.panic.then(|| "panic: no killable processes".to_string());
        stuck.chain(panic)
    }
}

/// As it follows a verdict.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items().try_for_each(|item| write!(f, "; {item}"))
    }
}

/// Whether the thread exits, was killed, or is one of a victim's.
fn dies(world: &World, stuck: &Stuck) -> bool {
    let mut tasks = world.tasks.all();
    let Some((_, task)) = tasks.find(|(_, task)| task.thread == Some(stuck.thread)) else {
        return false;
    };
    let mut processes = world.signals.all();
    let process = processes.find(|(process, _)| *process == task.signal);
    let has = |flag: TaskFlag| task.flags >> flag.bit() & 1 == 1;
    has(TaskFlag::Exiting)
        || has(TaskFlag::Sigkill)
        || process.is_some_and(|(_, process)| process.shared_pending || process.oom_mm.is_some())
}

/// Whether the thread takes down the address space of a victim, be it one itself or not.
fn buries(world: &World, stuck: &Stuck) -> bool {
    let takes_down = |mm: Handle<Mm>| stuck.acts_on(Role::ExitPath, mm.object());
    world.signals.all().filter_map(|(_, process)| process.oom_mm).any(takes_down)
}
