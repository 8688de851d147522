//! Numbers generated names anew: not a change that a fuzzer makes, but what a minimiser does at the end.
//!
//! `p4` becomes `p1` if it is the first process, `v3` the first mapping's `v1`. Names that somebody chose say
//! something, and stay.

use crate::case::generate::scope::{Scope, user};
use crate::case::mutate::names::references;
use crate::case::{Case, Operation, Process, ProcessKind};

/// Gives generated names the numbers that they have in the order of the file.
pub fn renumber(case: &mut Case) {
    let (old, new) = (case.clone(), New::names(case));
    let scope = Scope::of(&old);
    for (p, process) in case.processes.iter_mut().enumerate() {
        new.declare(p, process);
        for key in process.shares.iter_mut().chain(&mut process.parent) {
            *key = new.process(&old, key);
        }
        for operation in process.threads.iter_mut().flat_map(|thread| &mut thread.operations) {
            new.refer(&old, &scope, p, operation);
        }
    }
    let filters = case.faults.iter_mut().filter_map(|fault| fault.task_filter.as_mut());
    let segments = case.schedule.segments.iter_mut().map(|segment| &mut segment.task);
    filters.chain(segments).for_each(|task| *task = new.task(&old, &scope, task));
}

/// The new names, by the places of what they belong to.
struct New {
    processes: Vec<String>,
    parts: Vec<Parts>,
}

struct Parts {
    vmas: Vec<String>,
    contexts: Vec<String>,
    threads: Vec<String>,
}

impl New {
    fn names(case: &Case) -> New {
        let mut processes: Vec<_> = case.processes.iter().map(|it| it.name.clone()).collect();
        for (kind, prefix) in [(ProcessKind::User, 'p'), (ProcessKind::Kernel, 'k')] {
            let same = case.processes.iter().zip(&mut processes).filter(|(it, _)| it.kind == kind);
            number(prefix, same.map(|(_, name)| name).collect());
        }
        New { processes, parts: case.processes.iter().map(Parts::names).collect() }
    }

    /// Names what a process declares.
    fn declare(&self, place: usize, process: &mut Process) {
        process.name.clone_from(&self.processes[place]);
        let parts = &self.parts[place];
        let declared = process.vmas.iter_mut().map(|vma| &mut vma.name);
        declared.zip(&parts.vmas).for_each(|(name, new)| name.clone_from(new));
        process.contexts.clone_from(&parts.contexts);
        let declared = process.threads.iter_mut().map(|thread| &mut thread.name);
        declared.zip(&parts.threads).for_each(|(name, new)| name.clone_from(new));
    }

    /// Names what an operation of a process refers to.
    fn refer(&self, old: &Case, scope: &Scope, process: usize, operation: &mut Operation) {
        let names = references(operation);
        let target = names.process.as_deref().and_then(|name| user(old, name)).unwrap_or(process);
        let owner = scope.owner_index(target);
        if let Some(name) = names.process {
            *name = self.process(old, name);
        }
        let space = &old.processes[owner];
        if let Some(name) = names.vma
            && let Some(place) = space.vmas.iter().position(|vma| vma.name == *name)
        {
            name.clone_from(&self.parts[owner].vmas[place]);
        }
        if let Some(name) = names.context {
            *name = self.context(space, owner, name);
        }
    }

    fn process(&self, old: &Case, name: &str) -> String {
        let place = old.processes.iter().position(|process| process.name == name);
        place.map_or(name, |place| &self.processes[place]).to_string()
    }

    fn context(&self, space: &Process, owner: usize, name: &str) -> String {
        let place = space.contexts.iter().position(|context| context == name);
        place.map_or(name, |place| &self.parts[owner].contexts[place]).to_string()
    }

    /// The new name of a task: `PROCESS`, `PROCESS/THREAD` or `PROCESS/CONTEXT#N`.
    fn task(&self, old: &Case, scope: &Scope, task: &str) -> String {
        let Some((name, part)) = task.split_once('/') else { return self.process(old, task) };
        let Some(place) = old.processes.iter().position(|process| process.name == name) else {
            return task.to_string();
        };
        let owner = scope.owner_index(place);
        let part = match part.split_once('#') {
            Some((context, request)) => {
                format!("{}#{request}", self.context(&old.processes[owner], owner, context))
            }
            None => {
                let threads = &old.processes[place].threads;
                let thread = threads.iter().position(|thread| thread.name == part);
                thread.map_or(part, |thread| &self.parts[place].threads[thread]).to_string()
            }
        };
        format!("{}/{part}", self.processes[place])
    }
}

impl Parts {
    fn names(process: &Process) -> Parts {
        let mut parts = Parts {
            vmas: process.vmas.iter().map(|vma| vma.name.clone()).collect(),
            contexts: process.contexts.clone(),
            threads: process.threads.iter().map(|thread| thread.name.clone()).collect(),
        };
        number('v', parts.vmas.iter_mut().collect());
        number('c', parts.contexts.iter_mut().collect());
        number('t', parts.threads.iter_mut().collect());
        parts
    }
}

/// Numbers those names that a generator gave, from 1; a number that somebody's own name has is left out.
fn number(prefix: char, mut names: Vec<&mut String>) {
    let is_generated = |name: &str| {
        let number = name.strip_prefix(prefix).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let generated = names.iter_mut().filter(|name| is_generated(name));
    generated.zip(1..).for_each(|(name, n)| **name = format!("{prefix}{n}"));
}
