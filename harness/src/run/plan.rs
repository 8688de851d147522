//! A case, resolved: names became indices and page numbers, so that a run looks nothing up.

use crate::case::check::{io_requests, owner};
use crate::case::{
    self, Argument, Case, Completion, EmptyPmd, Fault, Operation, ProcessKind, Segment, Time, Tlb,
    VmaKind,
};
use crate::operation::{Kind, Parameter, Resolved};
use crate::schedule::chance;
use crate::schedule::pilot::Pilot;
use mmreap::boot::MachinePlan;
use mmreap::mm::mmap::VmaPlan;
use mmreap::mm::pgtable::PTRS;
use mmreap::mm::secondary::Release;
use mmreap::mm::vma::VmFlag;
use mmreap::{aio, inject};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::rc::Rc;

/// A case that is ready to run.
#[derive(Debug)]
pub struct Plan {
    /// The machine.
    pub machine: MachinePlan,
    /// Injected faults.
    pub faults: Vec<inject::Fault>,
    /// Processes, in file order.
    pub processes: Vec<ProcessPlan>,
    /// AIO requests: the device's name and when it completes.
    pub requests: Vec<(String, aio::Completion)>,
    /// What the schedule fixes.
    pub segments: Vec<Segment>,
    /// The pilot's latest run, if there was one.
    pub(super) pilot: RefCell<Option<Piloted>>,
}

/// A run of the pilot that is over.
#[derive(Debug)]
pub(super) struct Piloted {
    /// The revision's name.
    pub revision: &'static str,
    /// What remembers what ran.
    pub pilot: Rc<RefCell<Pilot>>,
}

/// A process or kernel thread.
#[derive(Debug)]
pub struct ProcessPlan {
    /// Its name.
    pub name: Rc<str>,
    /// Whether it is a kernel thread.
    pub kernel: bool,
    /// The process whose address space it uses.
    pub owner: usize,
    /// The process that waits for it.
    pub parent: Option<usize>,
    /// `oom_score_adj`.
    pub adj: i16,
    /// Whether it begins with its parent's `vfork`.
    pub vforked: bool,
    /// Secondary MMUs that it has open.
    pub notifiers: u8,
    /// What their drivers wait for when they let go.
    pub release: Release,
    /// Mappings at boot, and what their pages contain.
    pub mapped: Vec<(VmaPlan, u32)>,
    /// Number of AIO contexts.
    pub contexts: usize,
    /// Threads: name and steps.
    pub threads: Vec<(Rc<str>, Vec<Step>)>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub kind: &'static Kind,
    /// What it is about.
    pub resolved: Resolved,
}

impl Plan {
    /// Resolves a case that [`case::check::check`] accepts.
    pub fn new(case: &Case) -> Self {
        let planner = Planner { case };
        Plan {
            machine: machine(&case.machine),
            faults: case.faults.iter().map(fault).collect(),
            processes: (0..case.processes.len()).map(|p| planner.process(p)).collect(),
            requests: requests(case),
            segments: case.schedule.segments.clone(),
            pilot: RefCell::default(),
        }
    }
}

fn machine(machine: &case::Machine) -> MachinePlan {
    MachinePlan {
        frames: machine.frames,
        min: machine.min,
        high: machine.high,
        any_time: machine.time == Time::Any,
        lazy_tlb: machine.tlb == Tlb::Lazy,
        empty_pmd_is_bad: machine.empty_pmd == EmptyPmd::Bad,
    }
}

fn fault(fault: &Fault) -> inject::Fault {
    inject::Fault {
        point: fault.point,
        probability: fault.probability,
        interval: fault.interval,
        times: fault.times,
        space: fault.space,
        fail_nth: fault.fail_nth,
        task_filter: fault.task_filter.clone(),
        key: key(fault),
        chance: strike,
    }
}

/// What tells a fault's chance from that of others: its point, and the knobs that say which calls may fail.
fn key(fault: &Fault) -> u64 {
    let Fault { point, probability, interval, space, .. } = fault;
    chance::key(&format!("{} {probability} {interval} {space}", point.name()))
}

/// A percentage that depends on the fault, the task's name and the number of the call.
fn strike(key: u64, task: &str, call: u32) -> u8 {
    let mut rng = ChaCha8Rng::seed_from_u64(key);
    rng.set_stream(chance::key(task));
    rng.set_word_pos(u128::from(call));
    ((u64::from(rng.next_u32()) * 100) >> 32) as u8
}

fn requests(case: &Case) -> Vec<(String, aio::Completion)> {
    let completion = |request: &case::check::IoRequest| {
        let thread = &case.processes[request.process].threads[request.thread];
        let submitted = thread.operations[request.operation].submits();
        convert(submitted.expect("io_requests lists what submits").1)
    };
    io_requests(case).iter().map(|r| (r.name.clone(), completion(r))).collect()
}

fn release(release: case::Release) -> Release {
    match release {
        case::Release::Plain => Release::Plain,
        case::Release::Lock => Release::Lock,
        case::Release::FlushWork => Release::Flush,
    }
}

fn convert(completion: Completion) -> aio::Completion {
    match completion {
        Completion::After(jiffies) => aio::Completion::After(jiffies),
        Completion::ErrorAfter(jiffies) => aio::Completion::ErrorAfter(jiffies),
        Completion::AfterAlloc => aio::Completion::AfterAlloc,
        Completion::Never => aio::Completion::Never,
    }
}

struct Planner<'a> {
    case: &'a Case,
}

impl Planner<'_> {
    fn process(&self, p: usize) -> ProcessPlan {
        let process = &self.case.processes[p];
        let thread = |t: usize| (Rc::from(process.task_name(t)), self.steps(p, t));
        ProcessPlan {
            name: Rc::from(&*process.name),
            kernel: process.kind == ProcessKind::Kernel,
            owner: owner(self.case, p),
            parent: process.parent.as_deref().map(|parent| self.find(parent)),
            adj: process.adj,
            vforked: self.is_vforked(&process.name),
            notifiers: process.notifiers,
            release: release(process.release),
            mapped: self.mapped(p),
            contexts: process.contexts.len(),
            threads: (0..process.threads.len()).map(thread).collect(),
        }
    }

    fn is_vforked(&self, name: &str) -> bool {
        let threads = self.case.processes.iter().flat_map(|p| &p.threads);
        let mut operations = threads.flat_map(|t| &t.operations);
        operations.any(|operation| operation.starts() == Some(name))
    }

    fn find(&self, name: &str) -> usize {
        let position = self.case.processes.iter().position(|p| p.name == name);
        position.expect("a checked case declares what it names")
    }

    fn mapped(&self, p: usize) -> Vec<(VmaPlan, u32)> {
        let vmas = self.case.processes[p].vmas.iter().enumerate().filter(|(_, vma)| !vma.unmapped);
        vmas.map(|(v, vma)| (self.vma(p, &vma.name), v as u32 + 1)).collect()
    }

    /// The mapping with its place: each begins at a table of its own.
    fn vma(&self, p: usize, name: &str) -> VmaPlan {
        let mut start = 0;
        for vma in &self.case.processes[owner(self.case, p)].vmas {
            if vma.name == name {
                return vma_plan(vma, start);
            }
            start += u32::from(vma.pages).next_multiple_of(PTRS);
        }
        unreachable!("a checked case declares what it names")
    }

    fn context(&self, p: usize, name: &str) -> usize {
        let contexts = &self.case.processes[owner(self.case, p)].contexts;
        contexts.iter().position(|c| c == name).expect("a checked case declares what it names")
    }

    fn steps(&self, p: usize, t: usize) -> Vec<Step> {
        let operations = &self.case.processes[p].threads[t].operations;
        (0..operations.len()).map(|o| self.step(p, t, o)).collect()
    }

    fn step(&self, p: usize, t: usize, o: usize) -> Step {
        let Operation { kind, arguments } = &self.case.processes[p].threads[t].operations[o];
        let mut resolved = Resolved { content: content(p, t, o), ..Resolved::default() };
        let mut space = p;
        for (parameter, argument) in kind.parameters.iter().zip(arguments) {
            match argument {
                Argument::Process(name) => {
                    space = self.find(name);
                    resolved.process = Some(self.process_meant(*parameter, space));
                }
                Argument::Vma(name) => resolved.vma = Some(self.vma(space, name)),
                Argument::Context(name) => resolved.context = Some(self.context(p, name)),
                Argument::Pages(pages) => resolved.number = u32::from(*pages),
                Argument::Jiffies(jiffies) => resolved.number = *jiffies,
                Argument::Completion(_) => resolved.request = Some(self.request(p, t, o)),
            }
        }
        Step { kind, resolved }
    }

    /// Of a guest's host, the process that has the secondary MMU open.
    fn process_meant(&self, parameter: Parameter, named: usize) -> usize {
        if parameter == Parameter::Host { owner(self.case, named) } else { named }
    }

    fn request(&self, process: usize, thread: usize, operation: usize) -> usize {
        let at = |r: &case::check::IoRequest| {
            (r.process, r.thread, r.operation) == (process, thread, operation)
        };
        io_requests(self.case).iter().position(at).expect("whatever submits has a request")
    }
}

/// What a store leaves behind: different for each operation, and for what is there at boot.
fn content(process: usize, thread: usize, operation: usize) -> u32 {
    ((process * 10 + thread) * 100 + operation) as u32 * 10 + 100
}

fn vma_plan(vma: &case::Vma, start: u32) -> VmaPlan {
    let kind = match vma.kind {
        VmaKind::Anon | VmaKind::File => 0,
        VmaKind::Shared => VmFlag::Shared.mask(),
        VmaKind::Hugetlb => VmFlag::Hugetlb.mask(),
        VmaKind::Pfnmap => VmFlag::Pfnmap.mask(),
    };
    let flag = |set: bool, flag: VmFlag| if set { flag.mask() } else { 0 };
    VmaPlan {
        name: Rc::from(&*vma.name),
        start,
        pages: u32::from(vma.pages),
        flags: kind
            | flag(vma.locked, VmFlag::Locked)
            | flag(vma.huge, VmFlag::Hugepage)
            | flag(vma.mergeable, VmFlag::Mergeable),
        file: vma.kind == VmaKind::File,
    }
}
