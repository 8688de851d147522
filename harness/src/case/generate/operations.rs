//! Draws operations: what the threads of a case do.
//!
//! Each kind of operation says how often, in user processes and in kernel threads, and what its arguments are drawn from.
//! What is drawn is a proposal; [`Scope::allows`] and [`Held::step`] accept or refuse it, so that the rules of
//! validity are written down there and not once more here. After a few refusals the thread is
//! simply shorter.
//!
//! The kinds of [`TOGETHER`] are drawn by one throw. Others are drawn aside, each by its word, from a copy of the bytes, and
//! stand in the place of what was drawn from the bytes themselves: so these make the same case whatever is added.
//!
//! What is not here: `vfork`, which changes two processes and belongs to whoever lays them out.

use arbitrary::Unstructured;

use crate::case::generate::draw::Draw;
use crate::case::generate::parts;
use crate::case::generate::scope::{Held, Scope, is_parent, user, users};
use crate::case::generate::swarm::Swarm;
use crate::case::{Argument, Case, Operation, Process, ProcessKind, Thread, limit};
use crate::operation::{
    self, Kind, Parameter, Rule, alloc::ALLOC, copy_from_user::COPY_FROM_USER, exit::EXIT,
    exit_group::EXIT_GROUP, free::FREE, get_task_mm::GET_TASK_MM, guest_read::GUEST_READ,
    guest_write::GUEST_WRITE, io_destroy::IO_DESTROY, io_submit::IO_SUBMIT, kill::KILL,
    madvise::MADVISE, mmap::MMAP, mmput::MMPUT, mmput_async::MMPUT_ASYNC, mmu_close::MMU_CLOSE,
    munmap::MUNMAP, proc_maps::PROC_MAPS, process_vm_readv::PROCESS_VM_READV, read::READ,
    sleep::SLEEP, sysrq_f::SYSRQ_F, unuse_mm::UNUSE_MM, use_mm::USE_MM, wait::WAIT, write::WRITE,
    write_file::WRITE_FILE,
};

/// Proposals per operation. Many are refused where there is no VMA or nothing to give back; if it
/// is every other one, eight leave 1 in 256 slots empty.
const PROPOSALS: usize = 8;
/// References that one thread holds at a time: the second shows what nesting does, a third nothing.
const REFERENCES: usize = 2;
/// Operations of a thread, fixed ones and drawn ones, before it gives back what it holds: leaves
/// room for [`REFERENCES`] and an exit.
const DRAWN: usize = limit::OPERATIONS - REFERENCES - 1;
/// Percent of the threads that give back what they hold before they end. The others die with it.
const CLOSED: usize = 75;
/// Percent of the user threads that exit by themselves; the others wait for a kill.
const EXITS: usize = 40;
/// Percent of the children's threads that do: their parent may be waiting.
const CHILD_EXITS: usize = 80;
/// Percent of the allocations larger than [`SMALL_ALLOC`].
const LARGE: usize = 15;
/// Pages of a usual allocation, at most: a tight machine has about as many to spare.
const SMALL_ALLOC: usize = 4;
/// Pages of an allocation, at most: enough to fill what any VMA could.
const MOST_ALLOC: usize = limit::PAGES as usize;

/// Where an operation is about to stand.
pub(in crate::case) struct Place<'a> {
    /// The case around it.
    pub(in crate::case) case: &'a Case,
    /// Its address spaces.
    pub(in crate::case) scope: &'a Scope,
    /// The process.
    pub(in crate::case) process: usize,
    /// The weights.
    pub(in crate::case) swarm: &'a Swarm,
}

/// What is drawn by one throw, in the order in which bytes mean them: nothing is added here any more. Touching and
/// allocating memory come first, since without pressure nothing else matters; then what keeps an address space alive or
/// takes it down; reading without effect on others comes last.
static TOGETHER: [&Kind; 25] = [
    &WRITE,
    &READ,
    &WRITE_FILE,
    &MADVISE,
    &MMAP,
    &MUNMAP,
    &IO_SUBMIT,
    &IO_DESTROY,
    &ALLOC,
    &FREE,
    &SLEEP,
    &KILL,
    &WAIT,
    &GET_TASK_MM,
    &MMPUT,
    &MMPUT_ASYNC,
    &PROC_MAPS,
    &PROCESS_VM_READV,
    &USE_MM,
    &COPY_FROM_USER,
    &UNUSE_MM,
    &SYSRQ_F,
    &GUEST_WRITE,
    &GUEST_READ,
    &MMU_CLOSE,
];

const _: () = assert!(TOGETHER.len() <= Swarm::OPERATIONS, "each has a factor of its own");

impl Place<'_> {
    /// A VMA of the address space in which the process runs.
    pub(in crate::case) fn vma(&self, draw: &mut Draw) -> Option<String> {
        let vmas = &self.scope.owner(self.case, self.process).vmas;
        draw.pick(vmas).map(|vma| vma.name.clone())
    }

    /// A VMA of another process's.
    pub(in crate::case) fn vma_of(&self, process: &str, draw: &mut Draw) -> Option<String> {
        let process = user(self.case, process)?;
        Place { process, ..*self }.vma(draw)
    }

    /// An AIO context.
    pub(in crate::case) fn context(&self, draw: &mut Draw) -> Option<String> {
        draw.pick(&self.scope.owner(self.case, self.process).contexts).cloned()
    }

    /// A user process of the case.
    pub(in crate::case) fn user(&self, draw: &mut Draw) -> Option<&Process> {
        draw.pick(&users(self.case)).map(|&index| &self.case.processes[index])
    }

    /// A process whose address space has a secondary MMU.
    fn host(&self, draw: &mut Draw) -> Option<&Process> {
        let mut hosts = users(self.case);
        hosts.retain(|&host| self.scope.owner(self.case, host).notifiers > 0);
        draw.pick(&hosts).map(|&index| &self.case.processes[index])
    }

    fn child(&self, draw: &mut Draw) -> Option<&Process> {
        let mut children = users(self.case);
        children.retain(|&child| is_parent(self.case, self.process, child));
        draw.pick(&children).map(|&index| &self.case.processes[index])
    }

    /// An operation that can follow what led to `held`, if one was found.
    pub(in crate::case) fn operation(&self, held: &Held, draw: &mut Draw) -> Option<Operation> {
        let aside = self.aside(held, draw);
        let weights = self.weights();
        let mut proposals = (0..PROPOSALS).map_while(|_| {
            let kind = TOGETHER[draw.weighted(&weights)?];
            Some(self.proposal(kind, held, draw))
        });
        let drawn = proposals.find_map(|proposal| proposal);
        aside.or(drawn)
    }

    fn weights(&self) -> [usize; TOGETHER.len()] {
        std::array::from_fn(|index| self.swarm.operation(index) * self.weight(TOGETHER[index]))
    }

    fn weight(&self, kind: &Kind) -> usize {
        let [of_user, of_kernel] = kind.weights;
        let is_user = self.case.processes[self.process].kind == ProcessKind::User;
        if is_user { of_user } else { of_kernel }
    }

    /// An operation of a kind that is not drawn together with others, if one of them has its turn. Relations between
    /// processes and the ends of threads are no business of chance here.
    fn aside(&self, held: &Held, draw: &Draw) -> Option<Operation> {
        let mut others = operation::all().filter(|kind| {
            self.weight(kind) > 0
                && !TOGETHER.contains(kind)
                && !matches!(kind.rule, Rule::Start | Rule::End)
        });
        let rest: usize = TOGETHER.iter().map(|kind| self.weight(kind)).sum();
        others.find_map(|kind| {
            let bytes = draw.aside(kind.word)?;
            let mut bytes = Unstructured::new(&bytes);
            let draw = &mut Draw::new(&mut bytes);
            let turn = draw.weighted(&[rest, self.weight(kind)]) == Some(1);
            turn.then(|| self.proposal(kind, held, draw)).flatten()
        })
    }

    /// An operation of the kind, unless it cannot stand here.
    fn proposal(&self, kind: &'static Kind, held: &Held, draw: &mut Draw) -> Option<Operation> {
        let mut operation = Operation { kind, arguments: Vec::new() };
        for parameter in kind.parameters {
            let argument = self.argument(*parameter, operation.process(), held, draw)?;
            operation.arguments.push(argument);
        }
        let nested = kind.rule == Rule::Take && held.references >= REFERENCES;
        (!nested && self.fits(held, &operation)).then_some(operation)
    }

    /// What could follow the word, and the process if one was drawn.
    fn argument(
        &self,
        parameter: Parameter,
        process: Option<&str>,
        held: &Held,
        draw: &mut Draw,
    ) -> Option<Argument> {
        let name = |process: &Process| Argument::process(&*process.name);
        match parameter {
            Parameter::Vma | Parameter::Unmapped => match process {
                Some(process) => self.vma_of(process, draw),
                None => self.vma(draw),
            }
            .map(Argument::Vma),
            Parameter::Context => self.context(draw).map(Argument::Context),
            Parameter::Process => self.user(draw).map(name),
            Parameter::Child => self.child(draw).map(name),
            Parameter::Host => self.host(draw).map(name),
            Parameter::Borrowed => held.borrowed.clone().map(Argument::Process),
            Parameter::Pages => Some(Argument::Pages(alloc(draw))),
            Parameter::Jiffies => Some(Argument::Jiffies(parts::jiffies(draw))),
            Parameter::Completion => {
                Some(Argument::Completion(parts::completion(self.swarm, draw)))
            }
        }
    }

    fn fits(&self, held: &Held, operation: &Operation) -> bool {
        self.scope.allows(self.case, self.process, operation) && held.clone().step(operation)
    }

    /// The operations of a thread: all of `fixed` in their order, and up to `count` drawn ones
    /// before, between and after them.
    pub(in crate::case) fn operations(
        &self,
        fixed: Vec<Operation>,
        count: usize,
        draw: &mut Draw,
    ) -> Vec<Operation> {
        let mut held = Held::default();
        let mut operations = Vec::new();
        let mut fixed = fixed.into_iter();
        let total = fixed.len() + count.min(DRAWN.saturating_sub(fixed.len()));
        for slot in 0..total {
            let is_fixed = draw.below(total - slot) < fixed.len();
            let next = if is_fixed { fixed.next() } else { self.operation(&held, draw) };
            operations.extend(next.filter(|operation| held.step(operation)));
        }
        self.close(&mut operations, &held, draw);
        assert!(operations.len() <= limit::OPERATIONS, "more is fixed than fits a thread");
        operations
    }

    /// Gives back what is held and exits, or does not.
    fn close(&self, operations: &mut Vec<Operation>, held: &Held, draw: &mut Draw) {
        if draw.chance(CLOSED) {
            operations.extend((0..held.references).map(|_| MMPUT.of([])));
            operations.extend(held.borrowed.as_ref().map(|_| UNUSE_MM.of([])));
        }
        let process = &self.case.processes[self.process];
        let exits = if process.parent.is_some() { CHILD_EXITS } else { EXITS };
        if process.kind == ProcessKind::User && draw.chance(exits) {
            operations.push(ending(draw));
        }
    }
}

/// An operation after which nothing follows.
pub(in crate::case) fn ending(draw: &mut Draw) -> Operation {
    if draw.chance(50) { EXIT_GROUP.of([]) } else { EXIT.of([]) }
}

/// A number of pages to allocate.
pub(in crate::case) fn alloc(draw: &mut Draw) -> u8 {
    let most = if draw.chance(LARGE) { MOST_ALLOC } else { SMALL_ALLOC };
    draw.between(1..=most) as u8
}

/// An empty thread.
pub(in crate::case) fn thread(name: String) -> Thread {
    Thread { name, operations: Vec::new() }
}
