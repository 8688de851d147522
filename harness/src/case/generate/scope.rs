//! Which names mean what, where: the view of a case that generation, mutation and repair share.
//!
//! It answers for one operation at one place whether a valid case may hold it. The generator asks
//! before it keeps an operation, repair asks before it drops one. It is no second
//! [`check`](crate::case::check): that one explains to a human what is wrong with a file, stops at
//! the first mistake and has the last word; this one only says yes or no, about any operation, on
//! trees that are not valid yet, and is fast enough to be asked for every proposal.

use crate::case::check::{io_requests, owner, task_names};
use crate::case::{Argument, Case, Operation, Process, ProcessKind, Vma};
use crate::daemon;
use crate::operation::{Parameter, Rule, Who};

/// Address spaces of a case: for each process, the one whose VMAs and contexts its operations name.
pub(in crate::case) struct Scope(Vec<usize>);

impl Scope {
    /// The address spaces of `case`, as its keys and its `vfork` operations say.
    pub(in crate::case) fn of(case: &Case) -> Self {
        Scope((0..case.processes.len()).map(|process| owner(case, process)).collect())
    }

    /// The process that owns the address space in which `process` runs.
    pub(in crate::case) fn owner<'c>(&self, case: &'c Case, process: usize) -> &'c Process {
        &case.processes[self.0[process]]
    }

    /// The place of that process.
    pub(in crate::case) fn owner_index(&self, process: usize) -> usize {
        self.0[process]
    }

    /// Whether `process` may run `operation`: its kind permits it, and all that it names is there.
    pub(in crate::case) fn allows(&self, case: &Case, process: usize, what: &Operation) -> bool {
        permitted(case.processes[process].kind, what) && self.resolves(case, process, what)
    }

    fn resolves(&self, case: &Case, process: usize, what: &Operation) -> bool {
        // A VMA named after a process is that process's.
        let mut space = process;
        let mut arguments = what.kind.parameters.iter().zip(&what.arguments);
        arguments.all(|(parameter, argument)| match argument {
            Argument::Process(name) => user(case, name).is_some_and(|named| {
                space = named;
                self.suits(*parameter, case, process, named)
            }),
            Argument::Vma(name) => vma(self.owner(case, space), name)
                .is_some_and(|vma| vma.unmapped || *parameter != Parameter::Unmapped),
            Argument::Context(name) => self.owner(case, process).contexts.contains(name),
            Argument::Pages(_) | Argument::Jiffies(_) | Argument::Completion(_) => true,
        }) && (what.kind.rule != Rule::Close || self.has_mmu(case, process))
    }

    /// Whether a process that is named is one of those that the parameter means.
    fn suits(&self, parameter: Parameter, case: &Case, process: usize, named: usize) -> bool {
        match parameter {
            Parameter::Child => is_parent(case, process, named),
            Parameter::Host => self.owner(case, named).notifiers > 0,
            _ => true,
        }
    }

    /// Whether a process has a secondary MMU itself.
    fn has_mmu(&self, case: &Case, process: usize) -> bool {
        self.0[process] == process && case.processes[process].notifiers > 0
    }
}

/// What a thread holds after the operations so far.
#[derive(Clone, Default)]
pub(in crate::case) struct Held {
    /// References of `get_task_mm` that no `mmput` has dropped.
    pub(in crate::case) references: usize,
    /// The process of the `use_mm` in force.
    pub(in crate::case) borrowed: Option<String>,
    /// Whether it has exited.
    over: bool,
}

impl Held {
    /// Takes the next operation into account, or says false if it cannot come next.
    pub(in crate::case) fn step(&mut self, operation: &Operation) -> bool {
        let possible = !self.over && self.possible(operation);
        if possible {
            self.apply(operation);
        }
        possible
    }

    fn possible(&self, operation: &Operation) -> bool {
        let process = operation.process();
        let anywhere = !operation.kind.parameters.contains(&Parameter::Borrowed);
        let ordered = match operation.kind.rule {
            Rule::Drop => self.references > 0,
            Rule::Borrow => self.borrowed.is_none(),
            Rule::GiveBack => self.borrowed.is_some(),
            Rule::None | Rule::End | Rule::Take | Rule::Start | Rule::Close => true,
        };
        ordered && (anywhere || self.borrowed.as_deref() == process)
    }

    fn apply(&mut self, operation: &Operation) {
        match operation.kind.rule {
            Rule::Take => self.references += 1,
            Rule::Drop => self.references -= 1,
            Rule::Borrow => self.borrowed = operation.process().map(String::from),
            Rule::GiveBack => self.borrowed = None,
            Rule::End => self.over = true,
            Rule::None | Rule::Start | Rule::Close => {}
        }
    }
}

/// Whether tasks of this kind may run the operation at all.
fn permitted(kind: ProcessKind, operation: &Operation) -> bool {
    match operation.kind.who {
        Who::Both => true,
        Who::Kernel => kind == ProcessKind::Kernel,
        Who::User => kind == ProcessKind::User,
    }
}

/// The index of the user process of that name.
pub(in crate::case) fn user(case: &Case, name: &str) -> Option<usize> {
    case.processes.iter().position(|p| p.kind == ProcessKind::User && p.name == name)
}

/// The indices of all user processes.
pub(in crate::case) fn users(case: &Case) -> Vec<usize> {
    let is_user = |&p: &usize| case.processes[p].kind == ProcessKind::User;
    (0..case.processes.len()).filter(is_user).collect()
}

/// Whether `child` names `parent` as its parent.
pub(in crate::case) fn is_parent(case: &Case, parent: usize, child: usize) -> bool {
    case.processes[child].parent.as_ref() == Some(&case.processes[parent].name)
}

/// Whether some process starts this one by `vfork`.
pub(in crate::case) fn is_vforked(case: &Case, name: &str) -> bool {
    let threads = case.processes.iter().flat_map(|process| &process.threads);
    threads.flat_map(|thread| &thread.operations).any(|operation| operation.starts() == Some(name))
}

/// The tasks that segments and task filters may name: threads, the machine's, AIO requests.
pub(in crate::case) fn tasks(case: &Case) -> Vec<String> {
    let requests = io_requests(case).into_iter().map(|request| request.name);
    let machine = daemon::reserved().into_iter().map(String::from);
    task_names(case).into_iter().chain(machine).chain(requests).collect()
}

fn vma<'p>(owner: &'p Process, name: &str) -> Option<&'p Vma> {
    owner.vmas.iter().find(|vma| vma.name == name)
}
