//! `exit_oom_victim` of v4.9 to v4.15: .
//!
//! Source: mm/oom_kill.c of v4.9 to v4.15.

use crate::memory::Handle;
use crate::oom::OOM;
use crate::oom::victim::dec_oom_victims;
use crate::sync::bits::clear_bit;
use crate::sync::wait::wake_up;
use crate::task::{Task, TaskFlag};
use crate::trace::protocol;

/// `exit_oom_victim`.
pub fn exit_oom_victim(task: Handle<Task>) {
    let _call = protocol("exit_oom_victim", task.object());
    clear_bit(task, TaskFlag::Memdie);
    if dec_oom_victims() == 0 {
        wake_up(OOM, "oom_victims_wait");
    }
}
