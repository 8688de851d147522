//! Names: which are legal, which are free, and where they occur.

use crate::case::{Argument, Case, Operation, Process, limit};
use crate::daemon;

/// Makes all declared names legal and unique. References are left alone: they follow whoever kept
/// the name.
pub(super) fn repair(case: &mut Case) {
    unique(case.processes.iter_mut().map(|process| &mut process.name), "p", &daemon::reserved());
    for process in &mut case.processes {
        unique(process.vmas.iter_mut().map(|vma| &mut vma.name), "v", &[]);
        unique(process.contexts.iter_mut(), "c", &[]);
        unique(process.threads.iter_mut().map(|thread| &mut thread.name), "t", &[]);
    }
}

/// Renames those that are illegal or taken by an earlier one.
fn unique<'a>(names: impl Iterator<Item = &'a mut String>, prefix: &str, reserved: &[&str]) {
    let mut names: Vec<&mut String> = names.collect();
    for index in 0..names.len() {
        let name = names[index].as_str();
        let taken = names[..index].iter().any(|other| *other == name);
        if taken || !is_legal(name) || reserved.contains(&name) {
            let fresh = fresh(prefix, |name| names.iter().any(|other| *other == name));
            *names[index] = fresh;
        }
    }
}

/// `[a-z][a-z0-9_]*`, not too long.
pub(super) fn is_legal(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase();
    let other = |byte: u8| letter(byte) || byte.is_ascii_digit() || byte == b'_';
    name.bytes().next().is_some_and(letter) && name.bytes().all(other) && name.len() <= limit::NAME
}

/// The first of `p1`, `p2`, … that is not taken.
pub(super) fn fresh(prefix: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut number = 1;
    loop {
        let name = format!("{prefix}{number}");
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// A name for a new process or kernel thread.
pub(super) fn fresh_process(case: &Case, prefix: &str) -> String {
    fresh(prefix, |name| case.processes.iter().any(|process| process.name == name))
}

/// The names that an operation refers to.
#[derive(Default)]
pub(super) struct References<'a> {
    /// A process.
    pub(super) process: Option<&'a mut String>,
    /// A VMA: of the process, or else of the operation's own address space.
    pub(super) vma: Option<&'a mut String>,
    /// An AIO context.
    pub(super) context: Option<&'a mut String>,
}

/// The names that an operation refers to, to be changed.
pub(super) fn references(operation: &mut Operation) -> References<'_> {
    let mut names = References::default();
    for argument in &mut operation.arguments {
        match argument {
            Argument::Vma(name) => names.vma = Some(name),
            Argument::Context(name) => names.context = Some(name),
            Argument::Process(name) => names.process = Some(name),
            Argument::Pages(_) | Argument::Jiffies(_) | Argument::Completion(_) => {}
        }
    }
    names
}

/// Gives a process the first free name with the prefix, and everything that refers to it.
pub fn rename_process(case: &mut Case, place: usize, prefix: &str) {
    let (old, new) = (case.processes[place].name.clone(), fresh_process(case, prefix));
    replace(case, &old, &new);
    case.processes[place].name = new;
}

/// Replaces a process's name in everything that refers to it.
pub(super) fn replace(case: &mut Case, old: &str, new: &str) {
    for process in &mut case.processes {
        replace_in_process(process, old, new);
    }
    let filters = case.faults.iter_mut().filter_map(|fault| fault.task_filter.as_mut());
    let segments = case.schedule.segments.iter_mut().map(|segment| &mut segment.task);
    for task in filters.chain(segments) {
        let (process, rest) = task.split_at(task.find('/').unwrap_or(task.len()));
        if process == old {
            *task = format!("{new}{rest}");
        }
    }
}

fn replace_in_process(process: &mut Process, old: &str, new: &str) {
    let operations = process.threads.iter_mut().flat_map(|thread| &mut thread.operations);
    let named = operations.filter_map(|operation| references(operation).process);
    for name in named.chain(&mut process.shares).chain(&mut process.parent) {
        if name == old {
            *name = new.into();
        }
    }
}
