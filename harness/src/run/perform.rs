//! Performs the operations of a case, inside of an execution.

use super::cast::{cast, part, steps};
use super::plan::Step;
use mmreap::exit::do_exit::{do_exit, do_group_exit};
use mmreap::exit::exit_notify::sys_wait4;
use mmreap::exit::fork::{mmput, unuse_mm, use_mm};
use mmreap::exit::mm_release::{set_robust_list, set_tid_address};
use mmreap::memory::Handle;
use mmreap::mm::{Mm, mmap};
use mmreap::page::free_pages;
use mmreap::page_alloc::alloc_page;
use mmreap::sync::thread::Tid;
use mmreap::sync::time::schedule_timeout_killable;
use mmreap::sync::wait::pause;
use mmreap::syscall::guest;
use mmreap::syscall::proc::{pin, proc_maps, process_vm_readv};
use mmreap::syscall::uaccess::{AccessError, By, load, user_store};
use mmreap::syscall::vfork::{await_start, sys_vfork};
use mmreap::task::{Signal, current, fatal_signal_pending, kill_pid};
use mmreap::trace::base;
use mmreap::trace::noun::{FRAMES, MM, PINS};
use mmreap::workqueue::mmput_async;
use mmreap::{aio, oom};

/// How a thread goes on after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Operation,
    Exit,
    ExitGroup,
}

/// A thread of a user process: its operations, then a pause until a signal kills it.
pub(super) fn user_thread(thread: Tid) {
    let (plan, p, t) = part(thread);
    let _call = base("entry_SYSCALL_64");
    if plan.processes[p].vforked && !await_start(current()) {
        return;
    }
    match perform_all(steps(&plan, p, t)) {
        Next::Operation => {
            if pause(current().object()) {
                do_exit();
            }
        }
        Next::Exit => do_exit(),
        Next::ExitGroup => do_group_exit(),
    }
}

/// A kernel thread: its operations, then it ends.
pub(super) fn kernel_thread(thread: Tid) {
    let (plan, p, t) = part(thread);
    let _call = base("kthread");
    for step in steps(&plan, p, t) {
        perform_kernel(step);
    }
    unuse_mm();
    do_exit();
}

fn perform_all(steps: &[Step]) -> Next {
    for step in steps {
        if fatal_signal_pending() {
            return Next::Exit;
        }
        match perform_user(step) {
            Next::Operation => {}
            end => return end,
        }
    }
    if fatal_signal_pending() { Next::Exit } else { Next::Operation }
}

fn process(p: usize) -> Handle<Signal> {
    cast(|cast| cast.processes[p])
}

fn own_mm() -> Option<Handle<Mm>> {
    current().peek_at(MM, |task| task.mm)
}

fn perform_user(step: &Step) -> Next {
    let Some(mm) = own_mm() else { return Next::Exit };
    match step {
        Step::Write(pages, content) => {
            access(pages.clone().try_for_each(|page| user_store(mm, page, content + page)))
        }
        Step::Read(pages) => {
            access(pages.clone().try_for_each(|page| load(mm, page, By::User).map(|_| ())))
        }
        Step::Exit => Next::Exit,
        Step::ExitGroup => Next::ExitGroup,
        Step::Wait(child) => after(|| sys_wait4(process(*child))),
        Step::Vfork(child) => after(|| sys_vfork(process(*child))),
        Step::ProcMaps(p) => after(|| proc_maps(process(*p))),
        Step::ProcessVmReadv(p, pages) => after(|| process_vm_readv(process(*p), pages.clone())),
        Step::MmuClose => after(guest::close),
        other => after(|| {
            if !perform_on_mm(mm, other) {
                perform_common(other);
            }
        }),
    }
}

fn after(action: impl FnOnce()) -> Next {
    action();
    Next::Operation
}

/// A user-mode access that faults for good ends the process, as SIGBUS and SIGSEGV do.
fn access(result: Result<(), AccessError>) -> Next {
    match result {
        Ok(()) => Next::Operation,
        Err(AccessError::Killed) => Next::Exit,
        Err(AccessError::Fault) => Next::ExitGroup,
    }
}

/// Operations on the thread's own address space: whether it was one.
fn perform_on_mm(mm: Handle<Mm>, step: &Step) -> bool {
    match step {
        Step::WriteFile(pages) => copy(mm, pages.clone()),
        Step::Madvise(start) => mmap::sys_madvise(mm, *start),
        Step::Mmap(plan) => mmap::sys_mmap(mm, plan),
        Step::Munmap(start) => mmap::sys_munmap(mm, *start),
        Step::SetRobustList(page) => set_robust_list(*page),
        Step::SetTidAddress(page) => set_tid_address(*page),
        Step::IoDestroy(context) => aio::io_destroy(mm, *context),
        Step::IoSubmit(context, request) => {
            let request = cast(|cast| cast.requests[*request]);
            aio::io_submit(mm, *context, request);
        }
        _ => return false,
    }
    true
}

/// Copies pages for a system call, up to the first that faults.
fn copy(mm: Handle<Mm>, mut pages: std::ops::Range<u32>) {
    let _short = pages.try_for_each(|page| load(mm, page, By::Kernel).map(|_| ()));
}

fn perform_kernel(step: &Step) {
    match step {
        Step::UseMm(p) => {
            if let Some(mm) = pin(process(*p)) {
                use_mm(mm);
            }
        }
        Step::CopyFromUser(pages) => own_mm().into_iter().for_each(|mm| copy(mm, pages.clone())),
        Step::UnuseMm => unuse_mm(),
        Step::SysrqF => oom::moom_callback::moom_callback(),
        other => perform_common(other),
    }
}

/// Operations of user and kernel threads.
fn perform_common(step: &Step) {
    match step {
        Step::Alloc(pages) => alloc(*pages),
        Step::Free => {
            let frames = current().poke_at(FRAMES, |task| std::mem::take(&mut task.frames));
            free_pages(&frames);
        }
        Step::Sleep(jiffies) => schedule_timeout_killable(*jiffies),
        Step::Kill(p) => kill_pid(process(*p)),
        Step::GetTaskMm(p) => _ = take_pin(*p),
        Step::GuestRead(p, pages) => _ = guest::guest_read(process(*p), pages.clone()),
        Step::GuestWrite(p, pages, content) => {
            _ = guest::guest_write(process(*p), pages.clone(), *content);
        }
        Step::Mmput => drop_pin(mmput),
        Step::MmputAsync => drop_pin(mmput_async),
        _ => unreachable!("a checked case has no other operations here"),
    }
}

fn alloc(pages: u8) {
    for _ in 0..pages {
        let Some(frame) = alloc_page() else { return };
        current().poke_at(FRAMES, |task| task.frames.push(frame));
    }
}

fn take_pin(p: usize) -> Option<Handle<Mm>> {
    let mm = pin(process(p))?;
    current().poke_at(PINS, |task| task.pins.push(mm));
    Some(mm)
}

fn drop_pin(put: fn(Handle<Mm>)) {
    if let Some(mm) = current().poke_at(PINS, |task| task.pins.pop()) {
        put(mm);
    }
}
