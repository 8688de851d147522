//! `mmput` and `__mmput`: the last user takes the address space down, whoever that is.
//!
//! Source: kernel/fork.c of v4.9 to v4.15. The last user may be the dying task, a reader of /proc, the
//! OOM reaper, or a kernel worker.

use crate::khugepaged::khugepaged_exit;
use crate::ksm::ksm_exit;
use crate::memory::{Handle, write};
use crate::mm::{Mm, MmFlag, mmdrop, mmget, mmgrab, tlb};
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::bits::{peek_bit, set_bit, test_bit};
use crate::task::{Signal, TaskFlag, current, find_task_by_vpid, task_lock, task_unlock};
use crate::trace::{enter, protocol};
use crate::world::world;

/// `mmput`.
pub fn mmput(mm: Handle<Mm>) {
    let _call = protocol("mmput", mm.object());
    if atomic_dec_and_test(mm, "mm_users", |mm| &mut mm.users) {
        mmput_final(mm);
    }
}

/// `__mmput` of the revision that runs.
pub fn mmput_final(mm: Handle<Mm>) {
    world(|w| w.revision.mmput)(mm);
}

/// `__mmput` of v4.9 to v4.13: says at its end that the OOM killer need not wait any more.
pub fn mmput_v4_9(mm: Handle<Mm>) {
    let _call = protocol("__mmput", mm.object());
    teardown(mm);
    set_bit(mm, MmFlag::OomSkip);
    mmdrop(mm);
}

/// `__mmput` since v4.14: `exit_mmap` has said so (212925802454).
pub fn mmput_v4_14(mm: Handle<Mm>) {
    let _call = protocol("__mmput", mm.object());
    teardown(mm);
    mmdrop(mm);
}

/// Mutant M11b: v4.15 that says so before the first step, which may block.
pub fn mmput_m11b(mm: Handle<Mm>) {
    let _call = protocol("__mmput", mm.object());
    if test_bit(mm, MmFlag::OomVictim) {
        set_bit(mm, MmFlag::OomSkip);
    }
    teardown(mm);
    mmdrop(mm);
}

/// The order that never changed: everything that may block comes before `exit_mmap`.
fn teardown(mm: Handle<Mm>) {
    world(|w| w.revision.exit_aio)(mm);
    ksm_exit(mm);
    khugepaged_exit(mm);
    world(|w| w.revision.exit_mmap)(mm);
    mm_put_huge_zero_page(mm);
    set_mm_exe_file(mm);
    module_put(mm);
}

fn mm_put_huge_zero_page(mm: Handle<Mm>) {
    if peek_bit(mm, MmFlag::HugeZeroPage) {
        let _call = enter("mm_put_huge_zero_page");
        crate::sync::bits::clear_bit(mm, MmFlag::HugeZeroPage);
    }
}

fn set_mm_exe_file(mm: Handle<Mm>) {
    let _call = enter("set_mm_exe_file");
    write(mm, "exe_file", |mm| mm.exe_file = false);
}

fn module_put(mm: Handle<Mm>) {
    let _call = enter("module_put");
    write(mm, "binfmt", |mm| mm.binfmt = false);
}

/// `get_task_mm`: a user reference on a process's address space, if it still has one that it may give.
pub fn get_task_mm(signal: Handle<Signal>) -> Option<Handle<Mm>> {
    let _call = enter("get_task_mm");
    let leader = find_task_by_vpid(signal)?;
    task_lock(leader);
    let mm = leader.peek_at("mm", |task| task.mm);
    let borrowed = peek_bit(leader, TaskFlag::Kthread);
    let mm = mm.filter(|_| !borrowed);
    if let Some(mm) = mm {
        mmget(mm);
    }
    task_unlock(leader);
    mm
}

/// `use_mm`: a kernel thread borrows an address space, with a user reference that it hands in.
pub fn use_mm(mm: Handle<Mm>) {
    let _call = enter("use_mm");
    let task = current();
    task.poke_at("borrowed", |task| task.borrowed = Some(mm));
    task_lock(task);
    mmgrab(mm);
    write(task, "mm", |task| task.mm = Some(mm));
    task_unlock(task);
}

/// `unuse_mm`, if the kernel thread borrows one, and the reference is dropped.
pub fn unuse_mm() {
    let task = current();
    let Some(mm) = task.peek_at("borrowed", |task| task.borrowed) else { return };
    let call = enter("unuse_mm");
    task_lock(task);
    write(task, "mm", |task| task.mm = None);
    tlb::enter_lazy_tlb(mm);
    task_unlock(task);
    mmdrop(mm);
    drop(call);
    task.poke_at("borrowed", |task| task.borrowed = None);
    mmput(mm);
}
