//! M22: `exit_mmap` unmaps a victim's address space with `oom_lock` held.
//!
//! Shows nothing: it delays others, and nothing here has a bound in time.

use crate::Mutant;
use mmreap::exit::exit_mmap::{EXIT_MMAP, free, unmap_all};
use mmreap::mm::mmu_notifier::mmu_notifier_release;
use mmreap::prelude::*;

/// The mutant.
pub const M22: Mutant = Mutant { kernel: &KERNEL, shows: None };

static KERNEL: Revision =
    V4_15.patched("v4.15+M22", "exit_mmap unmaps a victim with oom_lock held").exit_mmap(exit_mmap);

/// `exit_mmap`.
fn exit_mmap(mm: Handle<Mm>) {
    let _call = protocol(EXIT_MMAP, mm.object());
    mmu_notifier_release(mm);
    let is_victim = test_bit(mm, MmFlag::OomVictim);
    let oom_lock = world(|w| w.oom.oom_lock());
    if is_victim {
        mutex_lock(oom_lock);
    }
    let unmapped = unmap_all(mm);
    if is_victim {
        set_bit(mm, MmFlag::OomSkip);
        mutex_unlock(oom_lock);
        down_write(mmap_sem(mm));
        up_write(mmap_sem(mm));
    }
    if let Some(unmapped) = unmapped {
        free(mm, unmapped);
    }
}
