//! Whose address space a process uses, and what the tasks of a case are called.
//!
//! All of these answer for any tree, checked or not: where a name resolves to nothing, a process is
//! taken to have an address space of its own.

use crate::case::{Case, Operation, Process, ProcessKind, Vma};

/// An AIO request that a case submits: a task of its own, from submission to completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoRequest {
    /// Index of the process that submits it.
    pub process: usize,
    /// Index of the thread in the process.
    pub thread: usize,
    /// Index of the `io_submit` operation in the thread.
    pub operation: usize,
    /// Index of the process that owns the address space and the context.
    pub owner: usize,
    /// The context.
    pub context: String,
    /// Which request of the context it is, counted from 1 in the order of the text.
    pub number: usize,
    /// The task's name, `OWNER/CONTEXT#NUMBER`.
    pub name: String,
}

/// Index of the process whose address space the process uses: itself, the one that it `shares`, or,
/// if it was started by `vfork`, its parent's owner.
pub fn owner(case: &Case, process: usize) -> usize {
    let mut owner = process;
    for _ in &case.processes {
        owner = lender(case, owner).unwrap_or(owner);
    }
    owner
}

/// The process from which this one has its address space directly.
fn lender(case: &Case, process: usize) -> Option<usize> {
    let borrower = case.processes.get(process)?;
    match (&borrower.shares, &borrower.parent) {
        (Some(shared), _) => user_process(case, shared),
        (None, Some(parent)) if is_vforked(case, &borrower.name) => user_process(case, parent),
        _ => None,
    }
}

/// The names of all tasks that the case declares, in the order of the text.
pub fn task_names(case: &Case) -> Vec<String> {
    let threads = |process: &Process| 0..process.threads.len();
    let names = |process| threads(process).map(|thread| process.task_name(thread));
    case.processes.iter().flat_map(names).collect()
}

/// All AIO requests that the case submits, in the order of the text.
pub fn io_requests(case: &Case) -> Vec<IoRequest> {
    let mut requests: Vec<IoRequest> = Vec::new();
    for ([process, thread, operation], this) in operations(case) {
        let Some((context, _)) = this.submits() else {
            continue;
        };
        let owner = owner(case, process);
        let same = |other: &&IoRequest| other.owner == owner && other.context == context;
        let number = requests.iter().filter(same).count() + 1;
        let name = format!("{}/{context}#{number}", case.processes[owner].name);
        let context = context.to_string();
        requests.push(IoRequest { process, thread, operation, owner, context, number, name });
    }
    requests
}

/// All operations with the indices of process, thread and operation, in the order of the text.
pub(super) fn operations(case: &Case) -> impl Iterator<Item = ([usize; 3], &Operation)> {
    case.processes.iter().enumerate().flat_map(|(p, process)| {
        process.threads.iter().enumerate().flat_map(move |(t, thread)| {
            thread.operations.iter().enumerate().map(move |(o, operation)| ([p, t, o], operation))
        })
    })
}

/// Index of the user process of this name.
pub(super) fn user_process(case: &Case, name: &str) -> Option<usize> {
    let named = |process: &Process| process.kind == ProcessKind::User && process.name == name;
    case.processes.iter().position(named)
}

/// Whether some thread starts this process by `vfork`.
pub(super) fn is_vforked(case: &Case, name: &str) -> bool {
    operations(case).any(|(_, operation)| operation.starts() == Some(name))
}

/// A case together with the owner of each process's address space, for rules that ask often.
pub(super) struct Scope<'a> {
    pub case: &'a Case,
    owners: Vec<usize>,
}

impl<'a> Scope<'a> {
    pub fn new(case: &'a Case) -> Self {
        let owners = (0..case.processes.len()).map(|process| owner(case, process)).collect();
        Scope { case, owners }
    }

    /// The owner of a process's address space.
    pub fn owner(&self, process: usize) -> &'a Process {
        &self.case.processes[self.owners[process]]
    }

    /// Whether the chain of lenders ends, which a ring of `vfork`s has no way to do.
    pub fn ends_at_an_owner(&self, process: usize) -> bool {
        lender(self.case, self.owners[process]).is_none()
    }

    /// A VMA in the address space that a process uses.
    pub fn vma(&self, process: usize, name: &str) -> Option<&'a Vma> {
        self.owner(process).vmas.iter().find(|vma| vma.name == name)
    }

    /// The names of all user processes.
    pub fn users(&self) -> Vec<&'a str> {
        user_names(self.case)
    }
}

/// The names of all user processes.
pub(super) fn user_names(case: &Case) -> Vec<&str> {
    let users = case.processes.iter().filter(|process| process.kind == ProcessKind::User);
    users.map(|process| process.name.as_str()).collect()
}
