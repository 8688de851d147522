//! `__mmput`: takes an address space down, as its last user did or had a worker do.
//!
//! Everything that may block comes before `exit_mmap`, on every release. Source: kernel/fork.c.

mod v4_14;
mod v4_9;

pub use v4_9::mmput_final as v4_9;
pub use v4_14::mmput_final as v4_14;

use crate::memory::{Handle, write};
use crate::mm::{Mm, MmFlag};
use crate::sync::bits::{clear_bit, peek_bit};
use crate::trace::{Function, Role, enter};
use crate::world::world;

/// `__mmput`, in traces.
pub const MMPUT_FINAL: Function = Function::acting("__mmput", Role::ExitPath);

/// `__mmput` of the revision that runs.
pub fn mmput_final(mm: Handle<Mm>) {
    world(|w| w.revision.mmput)(mm);
}

/// `mm_put_huge_zero_page`.
pub fn mm_put_huge_zero_page(mm: Handle<Mm>) {
    if peek_bit(mm, MmFlag::HugeZeroPage) {
        let _call = enter("mm_put_huge_zero_page");
        clear_bit(mm, MmFlag::HugeZeroPage);
    }
}

/// `set_mm_exe_file` to none.
pub fn set_mm_exe_file(mm: Handle<Mm>) {
    let _call = enter("set_mm_exe_file");
    write(mm, "exe_file", |mm| mm.exe_file = false);
}

/// `module_put` of the binary format.
pub fn module_put(mm: Handle<Mm>) {
    let _call = enter("module_put");
    write(mm, "binfmt", |mm| mm.binfmt = false);
}
