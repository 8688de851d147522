//! Looking at another process's address space, as /proc and `process_vm_readv` do.
//!
//! Source: fs/proc/task_mmu.c and mm/process_vm_access.c of v4.9 to v4.15. Both hold `mm_users` while they
//! look, and so may be the last to drop it.

use super::uaccess::{By, load};
use crate::exit::fork::{get_task_mm, mmput};
use crate::memory::{Handle, read};
use crate::mm::{Mm, mmap_sem};
use crate::sync::rwsem::{down_read, up_read};
use crate::task::{Signal, fatal_signal_pending, rcu_read};
use crate::trace::{enter, protocol};

/// A user reference on the address space of a process, found by its pid.
pub fn pin(process: Handle<Signal>) -> Option<Handle<Mm>> {
    rcu_read(|| get_task_mm(process))
}

/// A read of /proc/PID/maps: walks the mappings under `mmap_sem`.
pub fn proc_maps(process: Handle<Signal>) {
    let Some(mm) = pin(process) else { return };
    show_map(mm);
    mmput(mm);
}

fn show_map(mm: Handle<Mm>) {
    let _call = protocol("proc_maps", mm.object());
    down_read(mmap_sem(mm));
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        next = read(vma, "vm_next", |vma| vma.next);
    }
    up_read(mmap_sem(mm));
}

/// `process_vm_readv`: reads pages of another process; ends at the first that faults, and before each that
/// whoever reads is killed.
pub fn process_vm_readv(process: Handle<Signal>, pages: std::ops::Range<u32>) {
    let Some(mm) = pin(process) else { return };
    {
        let _call = enter("process_vm_rw");
        for page in pages {
            if fatal_signal_pending() || load(mm, page, By::Kernel).is_err() {
                break;
            }
        }
    }
    mmput(mm);
}
