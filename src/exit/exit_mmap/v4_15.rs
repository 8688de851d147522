//! `exit_mmap` of v4.15 (4837fe37adff): what counts is whether the address space is a victim's.
//!
//! Source: mm/mmap.c of v4.15.

use super::{EXIT_MMAP, free, unmap};
use crate::memory::Handle;
use crate::mm::{Mm, MmFlag, mmap_sem};
use crate::sync::bits::{set_bit, test_bit};
use crate::sync::rwsem::{down_write, up_write};
use crate::trace::protocol;

/// `exit_mmap`.
pub fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    free(mm, unmapped);
}
