//! `exit_mmap` of v4.9 to v4.13: the reaper holds `mm_users`, so this cannot run while it does.
//!
//! Source: mm/mmap.c of v4.9.

use super::{EXIT_MMAP, free, unmap};
use crate::memory::Handle;
use crate::mm::Mm;
use crate::trace::protocol;

/// `exit_mmap`.
pub fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    let Some(unmapped) = unmap(mm) else { return };
    free(mm, unmapped);
}
