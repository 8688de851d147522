//! The OOM killer: choosing, killing, and the thread that reaps.

pub mod exit_oom_victim;
pub mod kill_process;
pub mod mark_oom_victim;
pub mod moom_callback;
pub mod oom_badness;
pub mod oom_evaluate_task;
pub mod oom_kill_process;
pub mod oom_reap_task;
pub mod oom_reap_task_mm;
pub mod out_of_memory;
pub mod pagefault_out_of_memory;
pub mod reaper;
pub mod select;
pub mod task_will_free_mem;
pub mod victim;

use crate::memory::Handle;
use crate::sync::mutex::Mutex;
use crate::sync::spinlock::SpinLock;
use crate::task::Task;
use crate::trace::{Kind, ObjectRef};
use crate::world::World;

/// The OOM killer's global state.
#[derive(Debug, Default)]
pub struct OomKiller {
    /// `oom_victims`: marked threads that have not finished `exit_mm`.
    pub victims: i32,
    /// The lowest that `victims` has been.
    pub fewest_victims: i32,
    /// `oom_reaper_list`: the head of the reaper's queue.
    pub reaper_list: Option<Handle<Task>>,
    /// Allocations that succeeded so far.
    pub allocations: u32,
    locks: Option<(Mutex, SpinLock)>,
}

impl OomKiller {
    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = OomKiller::default();
    }

    /// `oom_lock`: serialises the OOM killer.
    pub fn oom_lock(&self) -> Mutex {
        self.locks.expect("the machine has booted").0
    }

    /// `oom_reaper_lock`: protects the reaper's queue.
    pub fn oom_reaper_lock(&self) -> SpinLock {
        self.locks.expect("the machine has booted").1
    }
}

/// The OOM killer, as an object of events.
pub const OOM: ObjectRef = ObjectRef::sole(Kind::OomKiller);

/// The reaper's queue, as an object of events.
pub const REAPER_LIST: ObjectRef = ObjectRef::sole(Kind::ReaperList);

/// Creates the locks, at boot.
pub fn boot(w: &mut World) {
    let oom_lock = w.locks.add("oom_lock", OOM);
    w.oom.locks = Some((oom_lock, w.locks.add("oom_reaper_lock", REAPER_LIST)));
}
