//! What the threads of a run look things up in: the plan, its objects, and which part of it each thread has.

use super::plan::{Plan, Step};
use mmreap::aio::Kiocb;
use mmreap::memory::Handle;
use mmreap::sync::thread::Tid;
use mmreap::task::Signal;
use mmreap::world::world;
use std::cell::RefCell;
use std::rc::Rc;

/// What the threads of a run look things up in.
#[derive(Default)]
pub(super) struct Assignment {
    plan: Option<Rc<Plan>>,
    /// Processes of the case, in file order.
    pub processes: Vec<Handle<Signal>>,
    /// AIO requests of the case.
    pub requests: Vec<Handle<Kiocb>>,
    /// Pages for which there was no memory.
    pub absent: Vec<Absent>,
    /// For each thread: process and thread of the case, or the number of the request that it completes.
    duties: Vec<Duty>,
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

/// What a thread is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Duty {
    /// What the machine's own threads do.
    #[default]
    Daemon,
    /// The operations of a thread of a process.
    Thread(usize, usize),
    /// Completes a request.
    Device(usize),
}

thread_local! {
    static ASSIGNMENT: RefCell<Assignment> = RefCell::new(Assignment::default());
}

/// Gives access to the assignment of the run. The closure must not reach a scheduling point.
pub(super) fn assignment<R>(f: impl FnOnce(&mut Assignment) -> R) -> R {
    ASSIGNMENT.with_borrow_mut(f)
}

/// Says what the next run is to boot.
pub(super) fn prepare(plan: Rc<Plan>) {
    assignment(|assignment| {
        assignment.plan = Some(plan);
        assignment.processes.clear();
        assignment.requests.clear();
        assignment.absent.clear();
        assignment.duties.clear();
    });
}

/// What the run boots.
pub(super) fn plan() -> Rc<Plan> {
    assignment(|assignment| assignment.plan.clone()).expect("a run is prepared before it begins")
}

/// The request that a thread completes, if it is a device.
pub(super) fn completes(thread: Tid) -> Option<Handle<Kiocb>> {
    assignment(|assignment| match assignment.duties[thread.index()] {
        Duty::Device(number) => Some(assignment.requests[number]),
        _ => None,
    })
}

/// Gives the thread that is started next its duty.
pub(super) fn assign(duty: Duty) {
    let next = world(|w| w.threads().len());
    assignment(|assignment| {
        assignment.duties.resize(next + 1, Duty::default());
        assignment.duties[next] = duty;
    });
}

/// The plan, and which thread of which process a thread is.
pub(super) fn part(thread: Tid) -> (Rc<Plan>, usize, usize) {
    match assignment(|assignment| assignment.duties[thread.index()]) {
        Duty::Thread(process, thread) => (plan(), process, thread),
        _ => unreachable!("only threads of the case execute operations"),
    }
}

/// The steps of that.
pub(super) fn steps(plan: &Plan, process: usize, thread: usize) -> &[Step] {
    &plan.processes[process].threads[thread].1
}
