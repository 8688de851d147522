//! `exit_mmap` of v4.14 (212925802454): the reaper may run at the same time, and is waited for before the tables
//! go if the task that runs this is an OOM victim.
//!
//! Source: mm/mmap.c of v4.14.

use super::{EXIT_MMAP, free, unmap};
use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmap_sem};
use crate::sync::bits::set_bit;
use crate::sync::rwsem::{down_write, up_write};
use crate::task::{current, tsk_is_oom_victim};
use crate::trace::protocol;

/// `exit_mmap`.
pub fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    set_bit(mm, MmFlag::OomSkip);
    if tsk_is_oom_victim(current()) {
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free(mm, unmapped);
}
