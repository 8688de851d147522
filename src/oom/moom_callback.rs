//! `moom_callback`: sysrq-f, the OOM killer by hand.
//!
//! Source: drivers/tty/sysrq.c of v4.9 to v4.15.

use super::OOM;
use super::out_of_memory::{Request, out_of_memory};
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::trace::{EventKind, protocol, record};
use crate::world::{World, world};

/// `moom_callback`.
pub fn moom_callback() {
    let _call = protocol("moom_callback", OOM);
    let oom_lock = world(|w| w.oom.oom_lock());
    mutex_lock(oom_lock);
    record(World::ZONE, EventKind::OomRequest { frames: 1, forced: true });
    out_of_memory(Request::ByHand);
    mutex_unlock(oom_lock);
}
