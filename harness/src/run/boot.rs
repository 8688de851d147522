//! Boots the machine of a plan, inside of an execution.

use super::assignment::{Absent, Duty, assign, assignment, completes, plan};
use super::perform::{kernel_thread, user_thread};
use super::plan::{Plan, ProcessPlan};
use crate::daemon;
use mmreap::memory::Handle;
use mmreap::mm::mmap::VmaPlan;
use mmreap::mm::vma::find_vma;
use mmreap::mm::{self, Mm};
use mmreap::world::world;
use mmreap::{aio, boot};

/// Thread 0 of an execution: boots, and becomes the clock.
pub(super) fn main() {
    let plan = plan();
    boot::machine(plan.machine);
    let spaces = address_spaces(&plan);
    for (p, process) in plan.processes.iter().enumerate() {
        start_process(&plan, p, process, spaces[process.owner]);
    }
    set_parents(&plan);
    for (number, (name, completion)) in plan.requests.iter().enumerate() {
        start_device(number, name, *completion);
    }
    boot::daemons(&daemon::added());
    world(|w| w.injection.arm(plan.faults.iter().cloned()));
    boot::run();
}

/// One address space for each process that owns one.
fn address_spaces(plan: &Plan) -> Vec<Option<Handle<Mm>>> {
    let space = |(p, process): (usize, &ProcessPlan)| {
        (process.owner == p && !process.kernel).then(|| address_space(p, process))
    };
    plan.processes.iter().enumerate().map(space).collect()
}

fn address_space(p: usize, process: &ProcessPlan) -> Handle<Mm> {
    let mm = mm::mm_alloc();
    for (vma, content) in &process.mapped {
        boot::vma(mm, vma, *content);
        let pages = absent_pages(mm, vma);
        if pages > 0 {
            let absent = Absent { process: p, vma: vma.name.clone(), pages };
            assignment(|assignment| assignment.absent.push(absent));
        }
    }
    for slot in 0..process.contexts {
        aio::io_setup(mm, slot);
    }
    mm
}

/// Pages of a mapping that was just made for which there is no frame, and never will be.
fn absent_pages(mm: Handle<Mm>, plan: &VmaPlan) -> usize {
    let vma = find_vma(mm, plan.start).expect("it was just made");
    let frames = vma.peek(|vma| vma.has_backing().then_some(vma.backing.len()));
    frames.map_or(0, |frames| plan.pages as usize - frames)
}

fn start_process(plan: &Plan, p: usize, process: &ProcessPlan, mm: Option<Handle<Mm>>) {
    if process.kernel {
        let (name, _) = &process.threads[0];
        assign(Duty::Thread(p, 0));
        let task = boot::kthread(name.clone(), kernel_thread);
        let signal = task.peek(|task| task.signal);
        return assignment(|assignment| assignment.processes.push(signal));
    }
    let signal = boot::process(process.name.clone(), process.adj);
    assignment(|assignment| assignment.processes.push(signal));
    for _ in 0..process.notifiers {
        mm.into_iter().for_each(|mm| boot::secondary_mmu(signal, mm, process.release));
    }
    for (t, (name, _)) in plan.processes[p].threads.iter().enumerate() {
        assign(Duty::Thread(p, t));
        boot::task(signal, name.clone(), mm.filter(|_| !process.vforked), user_thread);
    }
}

/// Whoever is started by `vfork` gets its parent then.
fn set_parents(plan: &Plan) {
    for (p, process) in plan.processes.iter().enumerate().filter(|(_, process)| !process.vforked) {
        if let Some(parent) = process.parent {
            let (child, parent) =
                assignment(|assignment| (assignment.processes[p], assignment.processes[parent]));
            boot::parent(child, parent);
        }
    }
}

fn start_device(number: usize, name: &str, completion: aio::Completion) {
    let request = aio::prepare(completion);
    assignment(|assignment| assignment.requests.push(request));
    assign(Duty::Device(number));
    boot::device(name, request, |thread| {
        completes(thread).into_iter().for_each(aio::device);
    });
}
