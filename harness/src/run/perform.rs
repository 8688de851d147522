//! Performs the operations of a case, inside of an execution.

use super::assignment::{assignment, part, steps};
use super::plan::Step;
use crate::operation::{Call, Next, own_mm};
use mmreap::exit::do_exit::{do_exit, do_group_exit};
use mmreap::exit::fork::unuse_mm;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::sync::thread::Tid;
use mmreap::sync::wait::pause;
use mmreap::syscall::vfork::await_start;
use mmreap::task::{current, fatal_signal_pending};
use mmreap::trace::base;

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
        if perform(step, None) != Next::Operation {
            break;
        }
    }
    unuse_mm();
    do_exit();
}

fn perform_all(steps: &[Step]) -> Next {
    for step in steps {
        if fatal_signal_pending() {
            return Next::Exit;
        }
        let Some(mm) = own_mm() else { return Next::Exit };
        match perform(step, Some(mm)) {
            Next::Operation => {}
            end => return end,
        }
    }
    if fatal_signal_pending() { Next::Exit } else { Next::Operation }
}

fn perform(Step { kind, resolved }: &Step, mm: Option<Handle<Mm>>) -> Next {
    let (process, request) = assignment(|assignment| {
        let process = resolved.process.map(|process| assignment.processes[process]);
        (process, resolved.request.map(|request| assignment.requests[request]))
    });
    (kind.perform)(&Call { mm, process, request, resolved })
}
