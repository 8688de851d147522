//! Makes one case of two: what goes wrong in one may need what another does.
//!
//! Two ways. Usually whole processes of the second move into the first, together with those whose
//! address space they use; names that are taken there are replaced, in the processes themselves and
//! in whatever refers to them. Sometimes only single threads move, into processes of the first, and
//! find by name what they work on: generated cases call their first VMA by the same name, and what
//! is not found is dropped by repair.
//!
//! Faults, segments and machine come from both. Before anything moves in, some of the first case's
//! processes go, so that crossing again and again does not fill the bounds.

use arbitrary::Unstructured;

use crate::case::generate::draw::Draw;
use crate::case::generate::scope::{is_parent, is_vforked, user, users};
use crate::case::mutate::names::{fresh, replace};
use crate::case::mutate::structure::take;
use crate::case::mutate::{forget_verdicts, repair};
use crate::case::{Case, ProcessKind, limit};

/// Percent of the crossings that move processes; the others move threads.
const PROCESSES: usize = 75;
/// Percent of the first case's processes that go.
const DROPPED: usize = 30;
/// Percent of the second case's processes, threads, faults and segments that move.
const MOVED: usize = 50;

/// Takes processes or threads, faults, segments and machine from both. The result is valid, has no
/// expectations, and is for `a`'s kernel.
pub fn crossover(a: &Case, b: &Case, u: &mut Unstructured<'_>) -> Case {
    let draw = &mut Draw::new(u);
    let mut case = a.clone();
    forget_verdicts(&mut case);
    let mut other = b.clone();
    if draw.chance(PROCESSES) {
        thin(&mut case, draw);
        move_processes(&mut case, &mut other, draw);
    } else {
        move_threads(&mut case, &other, draw);
    }
    mix(&mut case, &other, draw);
    repair(&mut case);
    case
}

/// Drops some processes, not all.
fn thin(case: &mut Case, draw: &mut Draw) {
    for _ in 1..case.processes.len() {
        if draw.chance(DROPPED) {
            take(&mut case.processes, 1, draw);
        }
    }
}

/// Moves some of the other's processes, at least one, under names that are free in `case`.
fn move_processes(case: &mut Case, other: &mut Case, draw: &mut Draw) {
    let mut chosen = vec![false; other.processes.len()];
    let sure = draw.below(chosen.len());
    for index in 0..chosen.len() {
        if index == sure || draw.chance(MOVED) {
            choose(other, index, &mut chosen);
        }
    }
    rename(case, other);
    let moved = other.processes.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
    case.processes.extend(moved.map(|(process, _)| process.clone()));
    case.processes.truncate(limit::PROCESSES);
}

/// Chooses a process and those from whom it has its address space.
fn choose(case: &Case, index: usize, chosen: &mut [bool]) {
    if std::mem::replace(&mut chosen[index], true) {
        return;
    }
    let process = &case.processes[index];
    let lender = process.shares.as_deref().and_then(|name| user(case, name));
    let vforker = users(case)
        .into_iter()
        .find(|&parent| is_vforked(case, &process.name) && is_parent(case, parent, index));
    for needed in lender.into_iter().chain(vforker) {
        choose(case, needed, chosen);
    }
}

/// Gives the processes of `other` names that are free in `case`, wherever they occur in it.
fn rename(case: &Case, other: &mut Case) {
    let mut taken: Vec<String> = names(case).chain(names(other)).collect();
    for index in 0..other.processes.len() {
        let old = other.processes[index].name.clone();
        if names(case).any(|name| name == old) {
            let kind = other.processes[index].kind;
            let prefix = if kind == ProcessKind::User { "p" } else { "k" };
            let new = fresh(prefix, |name| taken.iter().any(|other| other == name));
            other.processes[index].name = new.clone();
            replace(other, &old, &new);
            taken.push(new);
        }
    }
}

fn names(case: &Case) -> impl Iterator<Item = String> {
    case.processes.iter().map(|process| process.name.clone())
}

/// Copies some of the other's threads into processes of the case that have room.
fn move_threads(case: &mut Case, other: &Case, draw: &mut Draw) {
    let threads = other.processes.iter().filter(|it| it.kind == ProcessKind::User);
    for thread in threads.flat_map(|process| &process.threads) {
        let users = users(case);
        let Some(&target) = draw.pick(&users) else { return };
        let target = &mut case.processes[target].threads;
        if target.len() < limit::THREADS && draw.chance(MOVED) {
            target.push(thread.clone());
        }
    }
}

/// Mixes what belongs to no process.
fn mix(case: &mut Case, other: &Case, draw: &mut Draw) {
    case.faults.extend(other.faults.iter().filter(|_| draw.chance(MOVED)).cloned());
    let segments = other.schedule.segments.iter().filter(|_| draw.chance(MOVED)).cloned();
    case.schedule.segments.extend(segments);
    if draw.chance(50) {
        case.schedule.strategy = other.schedule.strategy;
    }
    if draw.chance(50) {
        case.machine = other.machine;
    }
}
