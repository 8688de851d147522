//! `mm_release`: what a thread owes to others when it lets go of its address space.
//!
//! It touches user memory in the middle of its exit: it reads its list of robust futexes, and clears a number
//! that others wait for. The reaper may have been there before, and is not waited for (until e4a38402c36e,
//! v5.18, it just comes two seconds later): then the list is lost and the number stays, or, on v4.9, both are
//! found in a fresh page. Source: kernel/fork.c and kernel/futex.c (`exit_robust_list`) of v4.9 to v4.15. The
//! list is empty, and nobody waits for the number: what is modelled is who touches which memory when.

use crate::memory::Handle;
use crate::mm::Mm;
use crate::sync::atomic::atomic_read;
use crate::sync::wait::complete;
use crate::syscall::uaccess::{get_user, put_user};
use crate::task::{Task, current, task_lock, task_unlock};
use crate::trace::enter;
use crate::trace::noun::{MM_USERS, VFORK_DONE};

/// `set_robust_list`.
pub fn set_robust_list(page: u32) {
    current().poke_at("robust_list", |task| task.robust_list = Some(page));
}

/// `set_tid_address`.
pub fn set_tid_address(page: u32) {
    current().poke_at("clear_child_tid", |task| task.clear_child_tid = Some(page));
}

/// `mm_release`: futexes, what user space waits for, and a parent that waits in vfork.
pub(super) fn mm_release(task: Handle<Task>, mm: Handle<Mm>) {
    if let Some(page) = task.poke_at("robust_list", |task| task.robust_list.take()) {
        exit_robust_list(mm, page);
    }
    if let Some(page) = task.poke_at("clear_child_tid", |task| task.clear_child_tid.take())
        && atomic_read(mm, MM_USERS, |mm| &mut mm.users) > 1
    {
        let _nobody_minds = put_user(mm, page, 0);
    }
    if task.peek_at(VFORK_DONE, |task| task.vfork_done) {
        complete_vfork_done(task);
    }
}

/// `exit_robust_list`: a list that cannot be read is none.
fn exit_robust_list(mm: Handle<Mm>, page: u32) {
    let _call = enter("exit_robust_list");
    let _nobody_minds = get_user(mm, page);
}

/// `complete_vfork_done`, under the lock with which a parent that is killed takes the completion back.
fn complete_vfork_done(task: Handle<Task>) {
    let _call = enter("complete_vfork_done");
    task_lock(task);
    if task.peek_at(VFORK_DONE, |task| task.vfork_done) {
        complete(task.object(), VFORK_DONE, || {
            task.poke_at(VFORK_DONE, |task| task.vfork_done = false);
        });
    }
    task_unlock(task);
}
