//! Draws operations: what the threads of a case do.
//!
//! One recipe per operation, each with a weight for user processes and one for kernel threads. A
//! recipe proposes; [`Scope::allows`] and [`Held::step`] accept or refuse, so that the rules of
//! validity are written down there and not once more here. After a few refusals the thread is
//! simply shorter.
//!
//! What is not here: `vfork`, which changes two processes and belongs to whoever lays them out.

use crate::case::generate::draw::Draw;
use crate::case::generate::parts;
use crate::case::generate::scope::{Held, Scope, is_parent, user, users};
use crate::case::generate::swarm::Swarm;
use crate::case::{Case, Operation, Process, ProcessKind, Thread, limit};

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
const ALLOC: usize = limit::PAGES as usize;

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

type Recipe = fn(&Place, &Held, &mut Draw) -> Option<Operation>;

/// Weight in user processes, weight in kernel threads, recipe. Touching and allocating memory come
/// first, since without pressure nothing else matters; then what keeps an address space alive or
/// takes it down; reading without effect on others comes last.
const RECIPES: [(usize, usize, Recipe); 25] = [
    (24, 0, |at, _, draw| Some(Operation::Write(at.vma(draw)?))),
    (6, 0, |at, _, draw| Some(Operation::Read(at.vma(draw)?))),
    (6, 0, |at, _, draw| Some(Operation::WriteFile(at.vma(draw)?))),
    (4, 0, |at, _, draw| Some(Operation::Madvise(at.vma(draw)?))),
    (4, 0, |at, _, draw| Some(Operation::Mmap(at.vma(draw)?))),
    (5, 0, |at, _, draw| Some(Operation::Munmap(at.vma(draw)?))),
    (12, 0, |at, _, draw| {
        let context = at.context(draw)?;
        Some(Operation::IoSubmit(context, parts::completion(at.swarm, draw)))
    }),
    (4, 0, |at, _, draw| Some(Operation::IoDestroy(at.context(draw)?))),
    (14, 14, |_, _, draw| Some(Operation::Alloc(alloc(draw)))),
    (4, 5, |_, _, _| Some(Operation::Free)),
    (6, 8, |_, _, draw| Some(Operation::Sleep(parts::jiffies(draw)))),
    (6, 8, |at, _, draw| Some(Operation::Kill(at.user(draw)?.name.clone()))),
    (3, 0, |at, _, draw| Some(Operation::Wait(at.child(draw)?))),
    (6, 10, |at, held, draw| {
        let name = at.user(draw)?.name.clone();
        (held.references < REFERENCES).then_some(Operation::GetTaskMm(name))
    }),
    (6, 8, |_, _, _| Some(Operation::Mmput)),
    (3, 6, |_, _, _| Some(Operation::MmputAsync)),
    (4, 0, |at, _, draw| Some(Operation::ProcMaps(at.user(draw)?.name.clone()))),
    (4, 0, |at, _, draw| {
        let process = at.user(draw)?.name.clone();
        let vma = at.vma_of(&process, draw)?;
        Some(Operation::ProcessVmReadv(process, vma))
    }),
    (0, 10, |at, _, draw| Some(Operation::UseMm(at.user(draw)?.name.clone()))),
    (0, 30, |at, held, draw| {
        let process = held.borrowed.clone()?;
        let vma = at.vma_of(&process, draw)?;
        Some(Operation::CopyFromUser(process, vma))
    }),
    (0, 6, |_, _, _| Some(Operation::UnuseMm)),
    (0, 6, |_, _, _| Some(Operation::SysrqF)),
    (4, 6, |at, _, draw| at.guest(draw).map(|(process, vma)| Operation::GuestWrite(process, vma))),
    (3, 3, |at, _, draw| at.guest(draw).map(|(process, vma)| Operation::GuestRead(process, vma))),
    (4, 0, |_, _, _| Some(Operation::MmuClose)),
];

const _: () = assert!(RECIPES.len() <= Swarm::OPERATIONS, "each has a factor of its own");

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

    /// A process whose address space has a secondary MMU, and a VMA of it.
    fn guest(&self, draw: &mut Draw) -> Option<(String, String)> {
        let mut hosts = users(self.case);
        hosts.retain(|&host| self.scope.owner(self.case, host).notifiers > 0);
        let process = *draw.pick(&hosts)?;
        let vma = Place { process, ..*self }.vma(draw)?;
        Some((self.case.processes[process].name.clone(), vma))
    }

    fn child(&self, draw: &mut Draw) -> Option<String> {
        let mut children = users(self.case);
        children.retain(|&child| is_parent(self.case, self.process, child));
        draw.pick(&children).map(|&index| self.case.processes[index].name.clone())
    }

    /// An operation that can follow what led to `held`, if one was found.
    pub(in crate::case) fn operation(&self, held: &Held, draw: &mut Draw) -> Option<Operation> {
        let weights = self.weights();
        for _ in 0..PROPOSALS {
            let (_, _, recipe) = RECIPES[draw.weighted(&weights)?];
            if let Some(operation) = recipe(self, held, draw).filter(|it| self.fits(held, it)) {
                return Some(operation);
            }
        }
        None
    }

    fn weights(&self) -> [usize; RECIPES.len()] {
        let user = self.case.processes[self.process].kind == ProcessKind::User;
        std::array::from_fn(|index| {
            let (of_user, of_kernel, _) = RECIPES[index];
            self.swarm.operation(index) * if user { of_user } else { of_kernel }
        })
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
            operations.extend((0..held.references).map(|_| Operation::Mmput));
            operations.extend(held.borrowed.as_ref().map(|_| Operation::UnuseMm));
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
    if draw.chance(50) { Operation::ExitGroup } else { Operation::Exit }
}

/// A number of pages to allocate.
pub(in crate::case) fn alloc(draw: &mut Draw) -> u8 {
    let most = if draw.chance(LARGE) { ALLOC } else { SMALL_ALLOC };
    draw.between(1..=most) as u8
}

/// An empty thread.
pub(in crate::case) fn thread(name: String) -> Thread {
    Thread { name, operations: Vec::new() }
}
