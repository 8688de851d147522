//! Adds, removes, duplicates and moves the parts of a case.

use crate::case::generate::draw::Draw;
use crate::case::generate::operations::{Place, ending, thread};
use crate::case::generate::scope::{Held, Scope, tasks, users};
use crate::case::generate::swarm::Swarm;
use crate::case::generate::{parts, topology};
use crate::case::mutate::names::{fresh, fresh_process};
use crate::case::{Case, Operation, Process, ProcessKind, Vma, limit};
use crate::operation::Rule;

/// Percent of the operations added at a thread's end that are an exit.
const ENDING: usize = 25;
/// Operations of a new thread or process, at most: enough for take, use and give back.
const NEW_OPERATIONS: usize = 3;

/// Indices of a process and a thread of it.
pub(super) type ThreadAt = (usize, usize);

/// Any thread of the case.
pub(super) fn any_thread(case: &Case, draw: &mut Draw) -> Option<ThreadAt> {
    let count = |process: &Process| process.threads.len();
    let all = case.processes.iter().enumerate();
    let threads: Vec<ThreadAt> =
        all.flat_map(|(index, process)| (0..count(process)).map(move |t| (index, t))).collect();
    draw.pick(&threads).copied()
}

/// The operations of a thread.
pub(super) fn operations(case: &mut Case, at: ThreadAt) -> &mut Vec<Operation> {
    &mut case.processes[at.0].threads[at.1].operations
}

/// The operations of any thread, if there is one.
fn some_operations<'c>(case: &'c mut Case, draw: &mut Draw) -> Option<&'c mut Vec<Operation>> {
    any_thread(case, draw).map(|at| operations(case, at))
}

/// Any user process.
pub(super) fn any_user<'c>(case: &'c mut Case, draw: &mut Draw) -> Option<&'c mut Process> {
    let users = users(case);
    draw.pick(&users).copied().map(|index| &mut case.processes[index])
}

/// Takes one item out of a list that keeps at least `least`.
pub(super) fn take<T>(list: &mut Vec<T>, least: usize, draw: &mut Draw) -> Option<T> {
    (list.len() > least).then(|| list.remove(draw.below(list.len())))
}

/// Puts an item somewhere into a list.
fn put<T>(list: &mut Vec<T>, item: T, draw: &mut Draw) {
    list.insert(draw.below(list.len() + 1), item);
}

/// Moves one item to another place.
pub(super) fn shift<T>(list: &mut Vec<T>, draw: &mut Draw) -> bool {
    let item = take(list, 1, draw);
    item.map(|item| put(list, item, draw)).is_some()
}

/// Puts a copy of one item right behind it. The copy is returned, to be given a name.
pub(super) fn double<'l, T: Clone>(
    list: &'l mut Vec<T>,
    most: usize,
    draw: &mut Draw,
) -> Option<&'l mut T> {
    let index = draw.below(list.len());
    let copy = list.get(index).filter(|_| list.len() < most)?.clone();
    list.insert(index + 1, copy);
    list.get_mut(index + 1)
}

pub(super) fn add_operation(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(at) = any_thread(case, draw) else { return false };
    let list = operations(case, at);
    let ended = list.last().is_some_and(|it| it.kind.rule == Rule::End);
    let (length, places) = (list.len(), list.len() + usize::from(!ended));
    let place = draw.below(places);
    if length == limit::OPERATIONS {
        return false;
    }
    let new = match place == length && draw.chance(ENDING) {
        true => Some(ending(draw)),
        false => drawn(case, at, place, draw),
    };
    new.map(|new| operations(case, at).insert(place, new)).is_some()
}

/// An operation that can come next after the thread's first `place` ones.
fn drawn(case: &Case, at: ThreadAt, place: usize, draw: &mut Draw) -> Option<Operation> {
    let mut held = Held::default();
    for operation in &case.processes[at.0].threads[at.1].operations[..place] {
        held.step(operation);
    }
    let scope = &Scope::of(case);
    Place { case, scope, process: at.0, swarm: &Swarm::even() }.operation(&held, draw)
}

pub(super) fn remove_operation(case: &mut Case, draw: &mut Draw) -> bool {
    some_operations(case, draw).is_some_and(|list| take(list, 0, draw).is_some())
}

pub(super) fn duplicate_operation(case: &mut Case, draw: &mut Draw) -> bool {
    some_operations(case, draw).is_some_and(|list| double(list, limit::OPERATIONS, draw).is_some())
}

pub(super) fn move_operation(case: &mut Case, draw: &mut Draw) -> bool {
    some_operations(case, draw).is_some_and(|list| shift(list, draw))
}

/// Moves an operation to another thread, of any process.
pub(super) fn transfer_operation(case: &mut Case, draw: &mut Draw) -> bool {
    let (Some(from), Some(to)) = (any_thread(case, draw), any_thread(case, draw)) else {
        return false;
    };
    if from == to || operations(case, to).len() == limit::OPERATIONS {
        return false;
    }
    let taken = take(operations(case, from), 0, draw);
    taken.map(|operation| put(operations(case, to), operation, draw)).is_some()
}

pub(super) fn replace_operation(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(at) = any_thread(case, draw) else { return false };
    let length = operations(case, at).len();
    let place = draw.below(length);
    let new = if length == 0 { None } else { drawn(case, at, place, draw) };
    new.map(|new| operations(case, at)[place] = new).is_some()
}

pub(super) fn add_process(case: &mut Case, draw: &mut Draw) -> bool {
    if case.processes.len() == limit::PROCESSES {
        return false;
    }
    // One in three is a kernel thread, as in generated cases.
    let kind = if draw.chance(33) { ProcessKind::Kernel } else { ProcessKind::User };
    let mut new = topology::process(fresh_process(case, prefix(kind)), kind, 1);
    if kind == ProcessKind::User {
        new.vmas.push(parts::vma("v1".into(), &Swarm::even(), draw));
    }
    let place = draw.below(case.processes.len() + 1);
    case.processes.insert(place, new);
    populate(case, (place, 0), draw);
    true
}

fn prefix(kind: ProcessKind) -> &'static str {
    if kind == ProcessKind::User { "p" } else { "k" }
}

/// Gives an empty thread something to do.
fn populate(case: &mut Case, at: ThreadAt, draw: &mut Draw) {
    let scope = &Scope::of(case);
    let count = draw.between(1..=NEW_OPERATIONS);
    let place = Place { case, scope, process: at.0, swarm: &Swarm::even() };
    *operations(case, at) = place.operations(Vec::new(), count, draw);
}

pub(super) fn remove_process(case: &mut Case, draw: &mut Draw) -> bool {
    take(&mut case.processes, 1, draw).is_some()
}

pub(super) fn duplicate_process(case: &mut Case, draw: &mut Draw) -> bool {
    let names =
        [ProcessKind::User, ProcessKind::Kernel].map(|kind| fresh_process(case, prefix(kind)));
    let Some(copy) = double(&mut case.processes, limit::PROCESSES, draw) else { return false };
    let [user, kernel] = names;
    copy.name = if copy.kind == ProcessKind::User { user } else { kernel };
    true
}

pub(super) fn move_process(case: &mut Case, draw: &mut Draw) -> bool {
    shift(&mut case.processes, draw)
}

pub(super) fn add_thread(case: &mut Case, draw: &mut Draw) -> bool {
    let users = users(case);
    let Some(&index) = draw.pick(&users) else { return false };
    let threads = &mut case.processes[index].threads;
    if threads.len() == limit::THREADS {
        return false;
    }
    threads.push(thread(fresh("t", |name| threads.iter().any(|other| other.name == name))));
    let last = threads.len() - 1;
    populate(case, (index, last), draw);
    true
}

pub(super) fn remove_thread(case: &mut Case, draw: &mut Draw) -> bool {
    any_user(case, draw).is_some_and(|process| take(&mut process.threads, 1, draw).is_some())
}

/// The copy's name clashes until repair.
pub(super) fn duplicate_thread(case: &mut Case, draw: &mut Draw) -> bool {
    any_user(case, draw)
        .is_some_and(|process| double(&mut process.threads, limit::THREADS, draw).is_some())
}

pub(super) fn move_thread(case: &mut Case, draw: &mut Draw) -> bool {
    any_user(case, draw).is_some_and(|process| shift(&mut process.threads, draw))
}

/// The mappings of a process that has its own address space.
fn some_vmas<'c>(case: &'c mut Case, draw: &mut Draw) -> Option<&'c mut Vec<Vma>> {
    any_owner(case, draw).map(|process| &mut process.vmas)
}

/// Any user process with an address space of its own.
fn any_owner<'c>(case: &'c mut Case, draw: &mut Draw) -> Option<&'c mut Process> {
    let scope = Scope::of(case);
    let mut owners = users(case);
    owners.retain(|&index| std::ptr::eq(scope.owner(case, index), &case.processes[index]));
    draw.pick(&owners).copied().map(|index| &mut case.processes[index])
}

pub(super) fn add_vma(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(vmas) = some_vmas(case, draw).filter(|vmas| vmas.len() < limit::VMAS) else {
        return false;
    };
    let name = fresh("v", |name| vmas.iter().any(|other| other.name == name));
    put(vmas, parts::vma(name, &Swarm::even(), draw), draw);
    true
}

pub(super) fn remove_vma(case: &mut Case, draw: &mut Draw) -> bool {
    some_vmas(case, draw).is_some_and(|vmas| take(vmas, 0, draw).is_some())
}

/// The copy's name clashes until repair.
pub(super) fn duplicate_vma(case: &mut Case, draw: &mut Draw) -> bool {
    some_vmas(case, draw).is_some_and(|vmas| double(vmas, limit::VMAS, draw).is_some())
}

pub(super) fn move_vma(case: &mut Case, draw: &mut Draw) -> bool {
    some_vmas(case, draw).is_some_and(|vmas| shift(vmas, draw))
}

/// Adds a context, and somebody who submits to it: without, it does nothing.
pub(super) fn add_context(case: &mut Case, draw: &mut Draw) -> bool {
    let Some(owner) = any_owner(case, draw).filter(|it| it.contexts.len() < limit::CONTEXTS) else {
        return false;
    };
    let name = fresh("c", |name| owner.contexts.iter().any(|other| other == name));
    owner.contexts.push(name.clone());
    let thread = draw.below(owner.threads.len());
    let request = parts::request(&name, &Swarm::even(), draw);
    if let Some(thread) = owner.threads.get_mut(thread) {
        put(&mut thread.operations, request, draw);
    }
    true
}

pub(super) fn remove_context(case: &mut Case, draw: &mut Draw) -> bool {
    any_owner(case, draw).is_some_and(|owner| take(&mut owner.contexts, 0, draw).is_some())
}

pub(super) fn add_fault(case: &mut Case, draw: &mut Draw) -> bool {
    let free = case.faults.len() < limit::FAULTS;
    if free {
        let fault = parts::fault(&tasks(case), &Swarm::even(), draw);
        put(&mut case.faults, fault, draw);
    }
    free
}

pub(super) fn remove_fault(case: &mut Case, draw: &mut Draw) -> bool {
    take(&mut case.faults, 0, draw).is_some()
}

pub(super) fn duplicate_fault(case: &mut Case, draw: &mut Draw) -> bool {
    double(&mut case.faults, limit::FAULTS, draw).is_some()
}
