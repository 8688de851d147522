//! `free_signal_struct`: nobody refers to the process any more.
//!
//! Drops `oom_mm`. If that was the last reference, a worker does the rest, because a page-table page must not be
//! freed from every context that may end up here. Source: kernel/fork.c.

mod v4_9;

pub use v4_9::free_signal_struct as v4_9;

use crate::memory::Handle;
use crate::task::Signal;
use crate::world::world;

/// `free_signal_struct` of the revision that runs.
pub fn free_signal_struct(signal: Handle<Signal>) {
    world(|w| w.revision.free_signal_struct)(signal);
}
