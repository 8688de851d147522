//! The OOM reaper: a thread that takes a victim's private pages away before its exit path gets there.
//!
//! Source: mm/oom_kill.c (`oom_reap_task`, `__oom_reap_task_mm`, `wake_oom_reaper`) of v4.9 to v4.15. It
//! only ever tries `mmap_sem`, because whoever holds it may wait for memory; after ten attempts it gives
//! up and tells the OOM killer not to wait.

use super::REAPER_LIST;
use crate::inject::{FaultPoint, strikes};
use crate::memory::{Handle, dereference, read, write};
use crate::mm::gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::mm::memory::unmap_page_range;
use crate::mm::mmap::can_madv_dontneed_vma;
use crate::mm::mmu_notifier::mm_has_notifiers;
use crate::mm::vma::{VmFlag, Vma};
use crate::mm::{Mm, MmFlag, mmap_sem, mmget_not_zero};
use crate::sync::atomic::atomic_read;
use crate::sync::bits::{set_bit, test_bit};
use crate::sync::mutex::{mutex_lock, mutex_unlock};
use crate::sync::point::{Access, point};
use crate::sync::rwsem::{down_read_trylock, up_read};
use crate::sync::spinlock::{spin_lock, spin_unlock};
use crate::sync::time::{HZ, schedule_timeout_idle};
use crate::sync::wait::{wait_for_work, wake_up};
use crate::task::{Task, get_task_struct, put_task_struct};
use crate::trace::{SkipReason, Tracepoint, What, enter, protocol, record};
use crate::workqueue::mmput_async;
use crate::world::world;

/// `MAX_OOM_REAP_RETRIES`.
pub const MAX_OOM_REAP_RETRIES: u32 = 10;

/// `wake_oom_reaper`: queues a task, unless it is queued already.
pub fn wake_oom_reaper(task: Handle<Task>) {
    let _call = protocol("wake_oom_reaper", task.object());
    if read_head() == Some(task)
        || read(task, "oom_reaper_list", |task| task.oom_reaper_list).is_some()
    {
        return;
    }
    get_task_struct(task);
    let lock = world(|w| w.oom.oom_reaper_lock());
    spin_lock(lock);
    let next = head();
    task.poke_at("oom_reaper_list", |task| task.oom_reaper_list = next);
    set_head(Some(task));
    record(task.object(), What::Enqueue);
    spin_unlock(lock);
    record(task.object(), What::Trace(Tracepoint::WakeReaper));
    wake_up(REAPER_LIST, "oom_reaper_wait");
}

fn read_head() -> Option<Handle<Task>> {
    point(REAPER_LIST, Access::Read, "read", "oom_reaper_list");
    head()
}

/// `oom_reaper_list`, looked at under the lock or as an operation of its own.
fn head() -> Option<Handle<Task>> {
    world(|w| {
        w.footprint.touch(REAPER_LIST, "oom_reaper_list", Access::Read);
        w.oom.reaper_list
    })
}

fn set_head(head: Option<Handle<Task>>) {
    world(|w| {
        w.footprint.touch(REAPER_LIST, "oom_reaper_list", Access::Write);
        w.oom.reaper_list = head;
    });
}

/// The reaper's thread.
pub fn oom_reaper() {
    let _call = protocol("oom_reaper", REAPER_LIST);
    while wait_for_work(REAPER_LIST, "oom_reaper_wait", || head().is_some()) {
        if strikes(FaultPoint::ReaperDelay) {
            schedule_timeout_idle(HZ);
        }
        if let Some(task) = pop() {
            world(|w| w.revision.oom_reap_task)(task);
        }
    }
}

fn pop() -> Option<Handle<Task>> {
    let lock = world(|w| w.oom.oom_reaper_lock());
    spin_lock(lock);
    let head = head();
    if let Some(task) = head {
        let next = task.peek_at("oom_reaper_list", |task| task.oom_reaper_list);
        set_head(next);
        record(task.object(), What::Dequeue);
    }
    spin_unlock(lock);
    head
}

/// `oom_reap_task` of v4.9 to v4.15: `MMF_OOM_SKIP` is set in the end, reaped or not.
pub fn oom_reap_task_v4_9(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let (mm, _done) = attempts(task, MAX_OOM_REAP_RETRIES);
    leave(task, Some(mm));
}

/// Mutant M01: `oom_reap_task` that leaves `MMF_OOM_SKIP` to whoever takes down an address space without
/// users; the repair of the premature second kill that was proposed first, in June 2017.
pub fn oom_reap_task_m01(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let (mm, _done) = attempts(task, MAX_OOM_REAP_RETRIES);
    leave(task, has_users(mm).then_some(mm));
}

/// Mutant M02: `oom_reap_task` that leaves an address space without users alone altogether.
pub fn oom_reap_task_m02(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    if !has_users(oom_mm(task)) {
        leave(task, None);
        return;
    }
    let (mm, _done) = attempts(task, MAX_OOM_REAP_RETRIES);
    leave(task, Some(mm));
}

/// Mutant M23: `oom_reap_task` that does not give up on what it could not reap.
pub fn oom_reap_task_m23(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let (mm, done) = attempts(task, MAX_OOM_REAP_RETRIES);
    leave(task, done.then_some(mm));
}

/// Mutant M24: `oom_reap_task` without attempts.
pub fn oom_reap_task_m24(task: Handle<Task>) {
    let _call = protocol("oom_reap_task", task.object());
    let (mm, _done) = attempts(task, 0);
    leave(task, Some(mm));
}

/// So many attempts with a nap after each that failed; returns the victim's address space, and whether
/// there is nothing left to try.
fn attempts(task: Handle<Task>, retries: u32) -> (Handle<Mm>, bool) {
    let mm = oom_mm(task);
    for _ in 0..retries {
        if world(|w| w.revision.oom_reap_task_mm)(task, mm) {
            return (mm, true);
        }
        schedule_timeout_idle(HZ / 10);
    }
    (mm, false)
}

fn oom_mm(task: Handle<Task>) -> Handle<Mm> {
    let signal = task.peek(|task| task.signal);
    dereference(read(signal, "oom_mm", |signal| signal.oom_mm), signal.object())
}

fn has_users(mm: Handle<Mm>) -> bool {
    atomic_read(mm, "mm_users", |mm| &mut mm.users) > 0
}

/// The task may be queued again, and the OOM killer need not wait for the address space.
fn leave(task: Handle<Task>, given_up: Option<Handle<Mm>>) {
    write(task, "oom_reaper_list", |task| task.oom_reaper_list = None);
    given_up.into_iter().for_each(|mm| set_bit(mm, MmFlag::OomSkip));
    put_task_struct(task);
}

/// A pass over a victim's address space: whether there is nothing left to try.
pub type OomReapTaskMm = fn(Handle<Task>, Handle<Mm>) -> bool;

/// `__oom_reap_task_mm` of v4.9: needs `mm_users`, and treats "no users" as done.
pub fn reap_v4_9(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| pinned_pass(task, mm, reapable_v4_9))
}

/// `__oom_reap_task_mm` of v4.13: as before, and leaves device mappings alone (235190738aba).
pub fn reap_v4_13(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| pinned_pass(task, mm, reapable_v4_13))
}

/// `__oom_reap_task_mm` of v4.14 (212925802454): needs no users, `MMF_OOM_SKIP` under the lock tells
/// whether `exit_mmap` was first; keeps off secondary MMUs (4d4bbd8526a8).
pub fn reap_v4_14(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| pass(task, mm, is_given_up, full_mm_gather))
}

/// `__oom_reap_task_mm` of v4.15: one gather for each mapping (687cb0884a71).
pub fn reap_v4_15(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| pass(task, mm, is_given_up, gather_per_vma))
}

/// Mutant M09: `__oom_reap_task_mm` of v4.15 that does not ask whether `exit_mmap` was first.
pub fn reap_m09(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| pass(task, mm, |_| false, gather_per_vma))
}

/// Mutant M12a: `__oom_reap_task_mm` of v4.15 that says that it takes pages away when it has done so.
pub fn reap_m12a(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| {
        pass(task, mm, is_given_up, |mm| {
            zap_per_vma(mm);
            set_bit(mm, MmFlag::Unstable);
        })
    })
}

/// Mutant M36: `__oom_reap_task_mm` of v4.15 that does not keep off secondary MMUs.
pub fn reap_m36(task: Handle<Task>, mm: Handle<Mm>) -> bool {
    let _call = protocol("__oom_reap_task_mm", mm.object());
    under_oom_lock(|| {
        if !down_read_trylock(mmap_sem(mm)) {
            return skip(task, mm, SkipReason::LockBusy);
        }
        locked_pass(task, mm, is_given_up, gather_per_vma)
    })
}

/// Until v4.18 a pass holds `oom_lock`, so that nobody is chosen while memory is being freed.
fn under_oom_lock(pass: impl FnOnce() -> bool) -> bool {
    let oom_lock = world(|w| w.oom.oom_lock());
    mutex_lock(oom_lock);
    let done = pass();
    mutex_unlock(oom_lock);
    done
}

fn pinned_pass(task: Handle<Task>, mm: Handle<Mm>, eligible: fn(Handle<Vma>) -> bool) -> bool {
    if !down_read_trylock(mmap_sem(mm)) {
        return skip(task, mm, SkipReason::LockBusy);
    }
    if !mmget_not_zero(mm) {
        up_read(mmap_sem(mm));
        return skip(task, mm, SkipReason::NoUsers);
    }
    record(task.object(), What::Trace(Tracepoint::StartTaskReaping));
    set_bit(mm, MmFlag::Unstable);
    let gather = tlb_gather_mmu(mm, true);
    for_each_eligible(mm, eligible, |vma| unmap_page_range(gather, vma));
    tlb_finish_mmu(gather);
    up_read(mmap_sem(mm));
    mmput_async(mm);
    record(task.object(), What::Trace(Tracepoint::FinishTaskReaping));
    true
}

fn pass(
    task: Handle<Task>,
    mm: Handle<Mm>,
    is_over: fn(Handle<Mm>) -> bool,
    reap: fn(Handle<Mm>),
) -> bool {
    if !down_read_trylock(mmap_sem(mm)) {
        return skip(task, mm, SkipReason::LockBusy);
    }
    if strikes(FaultPoint::Notifier) || mm_has_notifiers(mm) {
        up_read(mmap_sem(mm));
        schedule_timeout_idle(HZ);
        record(mm.object(), What::Skip(SkipReason::Notifier));
        return true;
    }
    locked_pass(task, mm, is_over, reap)
}

fn locked_pass(
    task: Handle<Task>,
    mm: Handle<Mm>,
    is_over: fn(Handle<Mm>) -> bool,
    reap: fn(Handle<Mm>),
) -> bool {
    if is_over(mm) {
        up_read(mmap_sem(mm));
        return skip(task, mm, SkipReason::AlreadySkipped);
    }
    record(task.object(), What::Trace(Tracepoint::StartTaskReaping));
    reap(mm);
    up_read(mmap_sem(mm));
    record(task.object(), What::Trace(Tracepoint::FinishTaskReaping));
    true
}

/// Says why a pass freed nothing; only a busy lock is worth another attempt.
fn skip(task: Handle<Task>, mm: Handle<Mm>, reason: SkipReason) -> bool {
    record(mm.object(), What::Skip(reason));
    record(task.object(), What::Trace(Tracepoint::SkipTaskReaping));
    reason != SkipReason::LockBusy
}

fn is_given_up(mm: Handle<Mm>) -> bool {
    test_bit(mm, MmFlag::OomSkip)
}

fn full_mm_gather(mm: Handle<Mm>) {
    set_bit(mm, MmFlag::Unstable);
    let gather = tlb_gather_mmu(mm, true);
    for_each_eligible(mm, reapable_v4_13, |vma| unmap_page_range(gather, vma));
    tlb_finish_mmu(gather);
}

fn gather_per_vma(mm: Handle<Mm>) {
    set_bit(mm, MmFlag::Unstable);
    zap_per_vma(mm);
}

fn zap_per_vma(mm: Handle<Mm>) {
    for_each_eligible(mm, reapable_v4_13, |vma| {
        let gather = tlb_gather_mmu(mm, false);
        unmap_page_range(gather, vma);
        tlb_finish_mmu(gather);
    });
}

fn for_each_eligible(mm: Handle<Mm>, eligible: fn(Handle<Vma>) -> bool, zap: impl Fn(Handle<Vma>)) {
    let _call = enter("for_each_vma");
    let mut next = read(mm, "mmap", |mm| mm.mmap);
    while let Some(vma) = next {
        if eligible(vma) {
            zap(vma);
        }
        next = read(vma, "vm_next", |vma| vma.next);
    }
}

/// v4.9: neither hugetlb nor locked; anonymous or private.
fn reapable_v4_9(vma: Handle<Vma>) -> bool {
    let excluded = VmFlag::Hugetlb.mask() | VmFlag::Locked.mask() | VmFlag::Shared.mask();
    read(vma, "vm_flags", |vma| vma.flags & excluded == 0)
}

/// v4.13: what `MADV_DONTNEED` may touch; anonymous or private.
fn reapable_v4_13(vma: Handle<Vma>) -> bool {
    can_madv_dontneed_vma(vma) && vma.peek_at("vm_flags", |vma| !vma.has(VmFlag::Shared))
}
