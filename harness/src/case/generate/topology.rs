//! Lays out processes: who shares, borrows, vforks and waits for whom.
//!
//! Relations come before everything else, because they decide which names an operation may use.
//! Processes only refer to earlier ones, so that no cycle can arise. What is fixed here about the
//! threads is what a relation needs (the parent's `vfork` and `wait`, a kernel thread's `sysrq_f`,
//! first use of a mapping or a context); the rest of the operations is drawn around it.
//!
//! Nothing here knows what kind of trouble a topology leads to. All of them are made.

use crate::case::generate::draw::Draw;
use crate::case::generate::operations::thread;
use crate::case::generate::parts;
use crate::case::generate::scope::is_vforked;
use crate::case::generate::swarm::Swarm;
use crate::case::{Argument, Case, Operation, Process, ProcessKind, Release, limit};
use crate::operation::{
    guest_write::GUEST_WRITE, mmap::MMAP, mmu_close::MMU_CLOSE, sysrq_f::SYSRQ_F, vfork::VFORK,
    wait::WAIT, write::WRITE,
};

/// How large a case becomes: the upper ends of ranges.
#[derive(Clone, Copy)]
pub(in crate::case) struct Size {
    /// User processes, from 1.
    pub(in crate::case) users: usize,
    /// Kernel threads, from 0.
    pub(in crate::case) kernel_threads: usize,
    /// Threads of a process, from 1.
    pub(in crate::case) threads: usize,
    /// VMAs of an address space, from 1.
    pub(in crate::case) vmas: usize,
    /// Operations of a thread, from 1, on top of those that the topology brings along.
    pub(in crate::case) operations: usize,
}

/// Sizes with their weights. Seven of ten cases are small, since the same number of schedules
/// covers more of a small one, and a small failure needs no minimising. The large ones are there
/// for what takes more actors.
pub(in crate::case) const SIZES: [(Size, usize); 3] = [
    (Size { users: 2, kernel_threads: 1, threads: 2, vmas: 2, operations: 4 }, 70),
    (Size { users: 3, kernel_threads: 2, threads: 2, vmas: 3, operations: 5 }, 22),
    (Size { users: 5, kernel_threads: 2, threads: 3, vmas: 4, operations: 8 }, 8),
];
/// What a process after the first is to an earlier one.
const RELATIONS: [(Relation, usize); 4] = [
    (Relation::Stranger, 50),
    (Relation::Sharer, 20),
    (Relation::Child, 18),
    (Relation::Vforked, 12),
];
/// Children per process. With two operations for each of those, two for each of four VMAs, one for each of
/// two contexts and one for secondary MMUs, a single thread has 15 fixed operations at most, and an exit fits in.
const CHILDREN: usize = 2;
/// Percent of the children whose parent does wait; the others become zombies for ever.
const WAITED: usize = 60;
/// Percent of the second processes called `init`: a rule of its own, needed rarely.
const INIT: usize = 5;
/// Percent of the processes with an `oom_score_adj`. Most have none, in cases as in life.
const ADJUSTED: usize = 20;
/// The values that mean something: never, rather not, rather, first.
const ADJUSTMENTS: [i16; 4] = [-1000, -500, 500, 1000];
/// Percent of the address spaces with MMU notifiers.
const NOTIFIED: usize = 12;
/// Percent of those that a guest uses for sure, for what has mapped nothing has nothing to lose. The others are closed.
const GUEST: usize = 75;
/// Percent of those whose drivers wait when they let go.
const BLOCKS: usize = 25;
/// Percent of the address spaces with AIO contexts: every third, for exit can block only there.
const AIO: usize = 35;
/// Percent of the unmapped VMAs that somebody maps for sure.
const MAPPED: usize = 75;
/// Percent of the VMAs that somebody writes for sure: what nobody touched is not there to be freed.
const WRITTEN: usize = 60;
/// Percent of the AIO contexts to which somebody submits for sure: without, exit has no wait.
const SUBMITTED: usize = 75;

#[derive(Clone, Copy)]
enum Relation {
    Stranger,
    Sharer,
    Child,
    Vforked,
}

/// A process without relations and with `threads` empty threads.
pub(in crate::case) fn process(name: String, kind: ProcessKind, threads: usize) -> Process {
    Process {
        name,
        kind,
        shares: None,
        parent: None,
        adj: 0,
        notifiers: 0,
        release: Release::Plain,
        vmas: Vec::new(),
        contexts: Vec::new(),
        threads: (1..=threads).map(|number| thread(format!("t{number}"))).collect(),
    }
}

/// Adds all processes, with their relations, mappings and contexts, and the operations that those
/// bring along.
pub(in crate::case) fn lay_out(
    case: &mut Case,
    size: Size,
    sysrq: bool,
    swarm: &Swarm,
    draw: &mut Draw,
) {
    for index in 0..draw.between(1..=size.users) {
        let name =
            if index == 1 && draw.chance(INIT) { "init".into() } else { format!("p{}", index + 1) };
        // One thread is the rule: a second doubles the schedules of everything else.
        let threads = if draw.chance(25) { draw.between(1..=size.threads) } else { 1 };
        let mut new = process(name, ProcessKind::User, threads);
        new.adj = if draw.chance(ADJUSTED) { adjustment(draw) } else { 0 };
        let lends = relate(case, &mut new, draw);
        if lends {
            furnish(&mut new, size, swarm, draw);
        }
        case.processes.push(new);
    }
    kernel_threads(case, size, sysrq, draw);
}

/// An `oom_score_adj` that means something.
pub(in crate::case) fn adjustment(draw: &mut Draw) -> i16 {
    draw.pick(&ADJUSTMENTS).copied().unwrap_or(0)
}

/// Chooses the relation of a new process to the earlier ones; true if it has its own address space.
fn relate(case: &mut Case, new: &mut Process, draw: &mut Draw) -> bool {
    let relation = draw.weighted(&RELATIONS.map(|(_, weight)| weight)).unwrap_or(0);
    match RELATIONS[relation].0 {
        Relation::Stranger => true,
        Relation::Sharer => !share(case, new, draw),
        Relation::Child => {
            adopt(case, new, false, draw);
            true
        }
        Relation::Vforked => !adopt(case, new, true, draw),
    }
}

/// Makes the new process use an earlier one's address space, if there is one to use.
fn share(case: &Case, new: &mut Process, draw: &mut Draw) -> bool {
    let owners =
        case.processes.iter().filter(|it| it.shares.is_none() && !is_vforked(case, &it.name));
    let names: Vec<&String> = owners.map(|owner| &owner.name).collect();
    new.shares = draw.pick(&names).map(|&name| name.clone());
    new.shares.is_some()
}

/// Makes the new process the child of an earlier one with few children, by `vfork` or otherwise.
fn adopt(case: &mut Case, new: &mut Process, vfork: bool, draw: &mut Draw) -> bool {
    let children = |p: &Process| {
        case.processes.iter().filter(|child| child.parent.as_ref() == Some(&p.name)).count()
    };
    let fertile: Vec<usize> = (0..case.processes.len())
        .filter(|&index| children(&case.processes[index]) < CHILDREN)
        .collect();
    let Some(&parent) = draw.pick(&fertile) else { return false };
    let parent = &mut case.processes[parent];
    new.parent = Some(parent.name.clone());
    // One thread for both: a `wait` that comes before the `vfork` waits for ever.
    let thread = draw.below(parent.threads.len());
    let operations = &mut parent.threads[thread].operations;
    operations.extend(vfork.then(|| VFORK.of([Argument::process(&*new.name)])));
    operations.extend(draw.chance(WAITED).then(|| WAIT.of([Argument::process(&*new.name)])));
    true
}

/// Gives an address space its mappings, contexts and notifiers.
fn furnish(process: &mut Process, size: Size, swarm: &Swarm, draw: &mut Draw) {
    for number in 1..=draw.between(1..=size.vmas) {
        let vma = parts::vma(format!("v{number}"), swarm, draw);
        if vma.unmapped && draw.chance(MAPPED) {
            give(process, MMAP.of([Argument::vma(&*vma.name)]), draw);
        }
        if draw.chance(WRITTEN) {
            give(process, WRITE.of([Argument::vma(&*vma.name)]), draw);
        }
        process.vmas.push(vma);
    }
    let contexts = if draw.chance(AIO) { draw.between(1..=2) } else { 0 };
    for name in (1..=contexts).map(|number| format!("c{number}")) {
        if draw.chance(SUBMITTED) {
            give(process, parts::request(&name, swarm, draw), draw);
        }
        process.contexts.push(name);
    }
    if draw.chance(NOTIFIED) {
        process.notifiers = notifiers(draw);
        process.release = release(draw);
        let use_of_it = if draw.chance(GUEST) { guest(process, draw) } else { MMU_CLOSE.of([]) };
        give(process, use_of_it, draw);
    }
}

/// A guest's stores to one of the mappings, of which there is one at least.
fn guest(process: &Process, draw: &mut Draw) -> Operation {
    let vma = &process.vmas[draw.below(process.vmas.len())];
    GUEST_WRITE.of([Argument::process(&*process.name), Argument::vma(&*vma.name)])
}

/// What a driver of MMUs waits for: mostly nothing.
pub(in crate::case) fn release(draw: &mut Draw) -> Release {
    if draw.chance(BLOCKS) { Release::ALL[draw.between(1..=2)] } else { Release::Plain }
}

/// Gives the operation to one of the process's threads.
fn give(process: &mut Process, operation: Operation, draw: &mut Draw) {
    let thread = draw.below(process.threads.len());
    process.threads[thread].operations.push(operation);
}

/// A number of MMU notifiers, not 0.
pub(in crate::case) fn notifiers(draw: &mut Draw) -> u8 {
    draw.between(1..=usize::from(limit::NOTIFIERS)) as u8
}

/// Adds kernel threads, the first of them with `sysrq_f` if the case is to have it.
fn kernel_threads(case: &mut Case, size: Size, sysrq: bool, draw: &mut Draw) {
    let least = usize::from(sysrq);
    for number in 1..=draw.between(least..=size.kernel_threads) {
        let mut new = process(format!("k{number}"), ProcessKind::Kernel, 1);
        if sysrq && number == 1 {
            new.threads[0].operations.push(SYSRQ_F.of([]));
        }
        case.processes.push(new);
    }
}
