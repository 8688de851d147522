//! `mmput` and who takes references that it drops: the last user takes the address space down, whoever that is.
//!
//! Source: kernel/fork.c of v4.9 to v4.15. The last user may be the dying task, a reader of /proc, the
//! OOM reaper, or a kernel worker.

use super::mmput_final::mmput_final;
use crate::memory::{Handle, write};
use crate::mm::{Mm, mmdrop, mmget, mmgrab, tlb};
use crate::sync::atomic::atomic_dec_and_test;
use crate::sync::bits::peek_bit;
use crate::sync::lock::might_sleep;
use crate::task::{Signal, TaskFlag, current, find_task_by_vpid, task_lock, task_unlock};
use crate::trace::noun::{ACTIVE_MM, MM, MM_USERS};
use crate::trace::{enter, protocol};

/// `mmput`.
pub fn mmput(mm: Handle<Mm>) {
    let _call = protocol("mmput", mm.object());
    might_sleep(mm.object());
    if atomic_dec_and_test(mm, MM_USERS, |mm| &mut mm.users) {
        mmput_final(mm);
    }
}

/// `get_task_mm`: a user reference on a process's address space, if it still has one that it may give.
pub fn get_task_mm(signal: Handle<Signal>) -> Option<Handle<Mm>> {
    let _call = enter("get_task_mm");
    let leader = find_task_by_vpid(signal)?;
    task_lock(leader);
    let mm = leader.peek_at(MM, |task| task.mm);
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
    task.poke_at(ACTIVE_MM, |task| task.active_mm = Some(mm));
    write(task, MM, |task| task.mm = Some(mm));
    task_unlock(task);
}

/// `unuse_mm`, if the kernel thread borrows one, and the reference is dropped.
pub fn unuse_mm() {
    let task = current();
    let Some(mm) = task.peek_at("borrowed", |task| task.borrowed) else { return };
    let call = enter("unuse_mm");
    task_lock(task);
    write(task, MM, |task| task.mm = None);
    tlb::enter_lazy_tlb(mm);
    task_unlock(task);
    mmdrop(mm);
    drop(call);
    task.poke_at(ACTIVE_MM, |task| task.active_mm = None);
    task.poke_at("borrowed", |task| task.borrowed = None);
    mmput(mm);
}
