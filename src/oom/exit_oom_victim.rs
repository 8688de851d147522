//! `exit_oom_victim`: a thread is no victim any more, after its address space is gone.
//!
//! Only the victim itself calls it. Source: mm/oom_kill.c of v4.9 to v4.15.

use super::OOM;
use super::victim::dec_oom_victims;
use crate::memory::Handle;
use crate::sync::bits::clear_bit;
use crate::sync::wait::wake_up;
use crate::task::{Task, TaskFlag};
use crate::trace::protocol;
use crate::world::world;

/// `exit_oom_victim` of the revision that runs.
pub fn exit_oom_victim(task: Handle<Task>) {
    world(|w| w.revision.exit_oom_victim)(task);
}

/// v4.9 to v4.15.
pub fn v4_9(task: Handle<Task>) {
    let _call = protocol("exit_oom_victim", task.object());
    clear_bit(task, TaskFlag::Memdie);
    if dec_oom_victims() == 0 {
        wake_up(OOM, "oom_victims_wait");
    }
}
