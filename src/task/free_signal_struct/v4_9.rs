//! `free_signal_struct` of v4.9 to v4.15: .
//!
//! Source: kernel/fork.c of v4.9 to v4.15.

use crate::memory::{Handle, free};
use crate::task::Signal;
use crate::trace::enter;
use crate::trace::noun::OOM_MM;
use crate::workqueue::mmdrop_async;

/// `free_signal_struct`.
pub fn free_signal_struct(signal: Handle<Signal>) {
    let _call = enter("free_signal_struct");
    if let Some(mm) = signal.peek_at(OOM_MM, |signal| signal.oom_mm) {
        mmdrop_async(mm);
    }
    free(signal);
}
