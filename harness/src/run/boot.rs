//! Boots the machine of a plan, inside of an execution.

use super::perform::{kernel_thread, user_thread};
use super::plan::{Plan, ProcessPlan, Step};
use mmreap::aio::{self, Kiocb};
use mmreap::boot;
use mmreap::memory::Handle;
use mmreap::mm::mmap::VmaPlan;
use mmreap::mm::vma::find_vma;
use mmreap::mm::{self, Mm};
use mmreap::sync::thread::Tid;
use mmreap::task::Signal;
use mmreap::world::world;
use std::cell::RefCell;
use std::rc::Rc;

/// What the threads of a run look things up in.
#[derive(Default)]
pub(super) struct Cast {
    plan: Option<Rc<Plan>>,
    /// Processes of the case, in file order.
    pub processes: Vec<Handle<Signal>>,
    /// AIO requests of the case.
    pub requests: Vec<Handle<Kiocb>>,
    /// Pages for which there was no memory.
    pub absent: Vec<Absent>,
    /// For each thread: process and thread of the case, or the number of the request that it completes.
    roles: Vec<Role>,
}

/// Pages of a shared or hugetlb mapping that do not exist, because memory was full when it was made. Pages of
/// other mappings come when they are touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The process, by its place in the case.
    pub process: usize,
    /// The mapping's name.
    pub vma: Rc<str>,
    /// How many pages.
    pub pages: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum Role {
    #[default]
    Daemon,
    Thread(usize, usize),
    Device(usize),
}

thread_local! {
    static CAST: RefCell<Cast> = RefCell::new(Cast::default());
}

/// Gives access to the cast of the run. The closure must not reach a scheduling point.
pub(super) fn cast<R>(f: impl FnOnce(&mut Cast) -> R) -> R {
    CAST.with_borrow_mut(f)
}

/// Says what the next run is to boot.
pub(super) fn prepare(plan: Rc<Plan>) {
    cast(|cast| {
        cast.plan = Some(plan);
        cast.processes.clear();
        cast.requests.clear();
        cast.absent.clear();
        cast.roles.clear();
    });
}

/// Thread 0 of an execution: boots, and becomes the clock.
pub(super) fn main() {
    let plan = cast(|cast| cast.plan.clone()).expect("a run is prepared before it begins");
    boot::machine(plan.machine);
    let spaces = address_spaces(&plan);
    for (p, process) in plan.processes.iter().enumerate() {
        start_process(&plan, p, process, spaces[process.owner]);
    }
    set_parents(&plan);
    for (number, (name, completion)) in plan.requests.iter().enumerate() {
        start_device(number, name, *completion);
    }
    boot::daemons();
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
            cast(|cast| cast.absent.push(absent));
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
        assign(Role::Thread(p, 0));
        let task = boot::kthread(name.clone(), kernel_thread);
        let signal = task.peek(|task| task.signal);
        return cast(|cast| cast.processes.push(signal));
    }
    let signal = boot::process(process.name.clone(), process.adj);
    cast(|cast| cast.processes.push(signal));
    for _ in 0..process.notifiers {
        mm.into_iter().for_each(|mm| boot::secondary_mmu(signal, mm, process.release));
    }
    for (t, (name, _)) in plan.processes[p].threads.iter().enumerate() {
        assign(Role::Thread(p, t));
        boot::task(signal, name.clone(), mm.filter(|_| !process.vforked), user_thread);
    }
}

/// Whoever is started by `vfork` gets its parent then.
fn set_parents(plan: &Plan) {
    for (p, process) in plan.processes.iter().enumerate().filter(|(_, process)| !process.vforked) {
        if let Some(parent) = process.parent {
            let (child, parent) = cast(|cast| (cast.processes[p], cast.processes[parent]));
            boot::parent(child, parent);
        }
    }
}

fn start_device(number: usize, name: &str, completion: aio::Completion) {
    let request = aio::prepare(completion);
    cast(|cast| cast.requests.push(request));
    assign(Role::Device(number));
    boot::device(name, request, |thread| {
        let request = cast(|cast| match cast.roles[thread.index()] {
            Role::Device(number) => Some(cast.requests[number]),
            _ => None,
        });
        request.into_iter().for_each(aio::device);
    });
}

/// Gives the thread that is started next its role.
fn assign(role: Role) {
    let next = world(|w| w.threads().len());
    cast(|cast| {
        cast.roles.resize(next + 1, Role::default());
        cast.roles[next] = role;
    });
}

/// Number of steps of a thread's role, and whether its process begins with a vfork.
pub(super) fn part(thread: Tid) -> (Rc<Plan>, usize, usize) {
    cast(|cast| {
        let plan = cast.plan.clone().expect("a run is prepared before it begins");
        match cast.roles[thread.index()] {
            Role::Thread(process, thread) => (plan, process, thread),
            _ => unreachable!("only threads of the case execute operations"),
        }
    })
}

/// The steps of a part.
pub(super) fn steps(plan: &Plan, process: usize, thread: usize) -> &[Step] {
    &plan.processes[process].threads[thread].1
}
