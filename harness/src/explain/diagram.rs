//! The diagram: which tasks get a column, which calls get a line, and what fits.
//!
//! A call is shown if it holds several lines, or a decisive one; a chain of calls with one thing in it
//! is that thing. Every call is written once: what a task does later in the same call is indented under
//! it, however many lines of others stand between.

use super::names;
use super::slice::{Pick, Rank, only_looks, picks};
use super::stacks::Stacks;
use super::subjects::Subjects;
use super::words::Words;
use crate::oracle::Failure;
use mmreap::memory::Violation;
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, EventKind};
use mmreap::world::{End, World};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Columns of a diagram, at most.
pub const COLUMNS: usize = 4;

/// Lines of a diagram, at most, unless the oracle named more events.
pub const ROWS: usize = 25;

/// Who did what when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagram {
    /// The names of the tasks that have a column.
    pub columns: Vec<String>,
    /// Lines, oldest first.
    pub rows: Vec<Row>,
    /// Tasks that took part and found no column.
    pub absent: Vec<String>,
}

/// A line of a diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The index of its column.
    pub column: usize,
    /// In how many calls of the diagram it happened.
    pub depth: usize,
    /// A call, or what happened.
    pub text: String,
    /// What was wrong with that.
    pub mark: Option<String>,
    /// The index of its event in the log.
    pub event: u32,
    /// The number of scheduling decisions before it.
    pub step: u32,
}

/// Draws the failure of a run.
pub(super) fn draw(
    world: &World,
    stacks: &Stacks,
    subjects: &Subjects,
    failure: &Failure,
    end: End,
) -> Diagram {
    let mut picks = picks(world, stacks, subjects, failure, end);
    let (columns, absent) = cast(world, &picks);
    picks.retain(|pick| columns.contains(&pick.thread));
    let words = Words { world, spaces: &subjects.spaces };
    let rows = fitting(&words, stacks, &columns, picks);
    let name = |threads: Vec<Tid>| -> Vec<String> {
        threads.into_iter().map(|thread| names::thread(world, thread).to_string()).collect()
    };
    without_empty(Diagram { columns: name(columns), rows, absent: name(absent) })
}

impl Diagram {
    /// Says in the last line what was wrong there.
    pub(super) fn mark(&mut self, world: &World, failure: &Failure, end: End) {
        if let Some(last) = self.rows.last_mut() {
            last.mark = Some(mark(world, failure, end));
        }
    }
}

/// Takes the columns away of tasks whose events did not fit.
fn without_empty(mut diagram: Diagram) -> Diagram {
    for column in (0..diagram.columns.len()).rev() {
        if diagram.rows.iter().all(|row| row.column != column) {
            diagram.absent.push(diagram.columns.remove(column));
            let right = diagram.rows.iter_mut().filter(|row| row.column > column);
            right.for_each(|row| row.column -= 1);
        }
    }
    diagram
}

/// The tasks with the most to tell, of those that did more than look, in the order in which they begin to; and those without a column.
fn cast(world: &World, picks: &[Pick]) -> (Vec<Tid>, Vec<Tid>) {
    let what = |pick: &Pick| world.log[pick.event as usize].kind;
    // To give up is a deed.
    let acts = |pick: &Pick| !only_looks(what(pick)) || matches!(what(pick), EventKind::Skip(_));
    let mut weights: BTreeMap<Tid, (usize, usize)> = BTreeMap::new();
    for pick in picks {
        let weight = weights.entry(pick.thread).or_default();
        weight.0 += usize::from(pick.rank == Rank::Decisive);
        weight.1 += usize::from(pick.rank == Rank::Essential && acts(pick));
    }
    let mut threads: Vec<Tid> = weights.keys().copied().collect();
    threads.retain(|thread| weights[thread] != (0, 0));
    threads.sort_by_key(|thread| std::cmp::Reverse(weights[thread]));
    let absent = threads.split_off(threads.len().min(COLUMNS));
    threads.sort_by_key(|&thread| picks.iter().position(|pick| pick.thread == thread));
    (threads, absent)
}

/// The lines of as many events as fit: first without context, then without what is oldest.
fn fitting(words: &Words<'_>, stacks: &Stacks, columns: &[Tid], mut picks: Vec<Pick>) -> Vec<Row> {
    let all = rows(words, stacks, columns, &without_repeats(words, &picks));
    if all.len() <= ROWS {
        return all;
    }
    picks.retain(|pick| pick.rank < Rank::Context);
    picks = without_repeats(words, &picks);
    loop {
        let rows = rows(words, stacks, columns, &picks);
        let oldest = picks.iter().position(|pick| pick.rank == Rank::Essential);
        match oldest {
            Some(oldest) if rows.len() > ROWS => _ = picks.remove(oldest),
            _ => return rows,
        }
    }
}

/// Leaves out what a task only looked at again, and found unchanged.
fn without_repeats(words: &Words<'_>, picks: &[Pick]) -> Vec<Pick> {
    let mut seen = HashMap::new();
    let mut kept = Vec::new();
    for pick in picks {
        let event = &words.world.log[pick.event as usize];
        let subject = (pick.thread, pick.rank, event.object, event.kind.name(), event.site);
        let before = seen.insert(subject, event.kind);
        let again = only_looks(event.kind) && before == Some(event.kind);
        if pick.rank == Rank::Decisive || !again {
            kept.push(*pick);
        }
    }
    kept
}

fn rows(words: &Words<'_>, stacks: &Stacks, columns: &[Tid], picks: &[Pick]) -> Vec<Row> {
    let shown = shown_calls(&words.world.log, stacks, picks);
    let mut written = HashSet::new();
    let mut rows = Vec::new();
    for pick in picks {
        let column = columns.iter().position(|&thread| thread == pick.thread).unwrap_or(0);
        let mut calls: Vec<u32> =
            stacks.calls(pick.event).filter(|call| shown.contains(call)).collect();
        calls.reverse();
        let fresh: Vec<u32> = calls.iter().copied().filter(|&call| written.insert(call)).collect();
        let outside = calls.len() - fresh.len();
        for (depth, event) in (outside..).zip(fresh.into_iter().chain([pick.event])) {
            let step = words.world.log[event as usize].step;
            rows.push(Row { column, depth, text: words.event(event), mark: None, event, step });
        }
    }
    rows
}

/// The calls that hold more than one line, or a decisive one, and the function of the protocol around that.
fn shown_calls(log: &[Event], stacks: &Stacks, picks: &[Pick]) -> HashSet<u32> {
    let mut lines: BTreeMap<u32, u32> = BTreeMap::new();
    let mut decisive = HashSet::new();
    for pick in picks {
        if let Some(call) = stacks.caller(pick.event) {
            *lines.entry(call).or_default() += 1;
            if pick.rank == Rank::Decisive {
                let site = log[pick.event as usize].site;
                let is_protocol =
                    |call: &u32| log[*call as usize].site.function() == site.protocol();
                decisive
                    .extend([call].into_iter().chain(stacks.calls(pick.event).find(is_protocol)));
            }
        }
    }
    let mut shown = HashSet::new();
    while let Some((call, lines_inside)) = lines.pop_last() {
        let is_shown = lines_inside > 1 || decisive.contains(&call);
        shown.extend(is_shown.then_some(call));
        if let Some(caller) = stacks.caller(call) {
            *lines.entry(caller).or_default() += if is_shown { 1 } else { lines_inside };
        }
    }
    shown
}

/// What was wrong with the last line.
fn mark(world: &World, failure: &Failure, end: End) -> String {
    let suffers = world.violation.and_then(|violation| {
        Some(format!("*** {} {}", names::name(world, violation.object()), wrong(&violation)?))
    });
    suffers.unwrap_or_else(|| match end {
        End::Livelock => "*** livelock".to_string(),
        End::Panic => "*** nobody left to kill".to_string(),
        _ => format!("*** {}", failure.title),
    })
}

/// What is wrong with the object of a violation, unless it is about whoever works on it.
fn wrong(violation: &Violation) -> Option<&'static str> {
    Some(match violation {
        Violation::UseAfterFree { .. } | Violation::DoubleFree { .. } => "is freed",
        Violation::EntryVanished { .. } => "has lost the entry",
        Violation::Underflow { .. } => "is below zero",
        Violation::TakenFromZero { .. } => "had no reference left",
        Violation::FreedWhileMapped { .. } => "is mapped",
        Violation::StaleTranslation { .. } => "is in a TLB",
        Violation::Shadowed { .. } => "is mapped by a secondary MMU",
        Violation::Lock { rule, .. } => rule.name(),
        Violation::Oops { .. } | Violation::Bug { .. } => return None,
    })
}
