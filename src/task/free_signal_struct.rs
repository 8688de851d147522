//! `free_signal_struct`: nobody refers to the process any more.
//!
//! Drops `oom_mm`. If that was the last reference, a worker does the rest, because a page-table page must not be
//! freed from every context that may end up here. Source: kernel/fork.c of v4.9 to v4.15.

use super::Signal;
use crate::memory::{Handle, free};
use crate::trace::enter;
use crate::trace::noun::OOM_MM;
use crate::workqueue::mmdrop_async;
use crate::world::world;

/// `free_signal_struct` of the revision that runs.
pub fn free_signal_struct(signal: Handle<Signal>) {
    world(|w| w.revision.free_signal_struct)(signal);
}

/// v4.9 to v4.15.
pub fn v4_9(signal: Handle<Signal>) {
    let _call = enter("free_signal_struct");
    if let Some(mm) = signal.peek_at(OOM_MM, |signal| signal.oom_mm) {
        mmdrop_async(mm);
    }
    free(signal);
}
