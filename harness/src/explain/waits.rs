//! Who waits for whom, when a run ended because nothing could happen any more.
//!
//! An edge goes from a thread that had something left to do to one that it waits for. Reasons come from
//! objects and sleeps, not from the log: who holds the lock, which request keeps the context alive,
//! whom the OOM killer waits for. The graph mixes "all of them" (a lock) with "one of them suffices"
//! (memory); as the run is over, none of them came, so a cycle is an explanation either way.

use super::names::{self, find};
use super::text;
use mmreap::aio::Completion;
use mmreap::memory::Handle;
use mmreap::mm::secondary::MMU_RELEASE;
use mmreap::mm::{Mm, MmFlag};
use mmreap::sync::bits::Flag;
use mmreap::sync::lock::LockId;
use mmreap::sync::thread::{Reason, Sleep, Tid};
use mmreap::task::Signal;
use mmreap::trace::noun::{ALLOCATION, FINISHED, VFORK_DONE};
use mmreap::trace::{Kind, ObjectRef, Role, Site};
use mmreap::world::{Stuck, World};
use serde::Serialize;
use std::fmt;

/// One thread waits for another, or for something that nobody brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who waits.
    pub from: Tid,
    /// For whom; `None` if nobody in the machine can end the wait.
    pub to: Option<Tid>,
    /// Where it waits.
    pub at: Site,
    /// For what, as the end of the sentence "X waits for …".
    pub reason: String,
}

/// The waits of a run, with names in place of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// Each wait as a sentence.
    pub edges: Vec<String>,
    /// Those who wait for each other in a circle, if they do; the first is the last again.
    pub cycle: Vec<String>,
}

impl Waits {
    /// The waits of the run that is in the world.
    pub(super) fn of(world: &World) -> Self {
        let edges = edges(world);
        let name = |thread: Tid| names::thread(world, thread).to_string();
        let sentence =
            |edge: &Edge| format!("{} waits in {} for {}", name(edge.from), edge.at, edge.reason);
        let mut sentences: Vec<String> = edges.iter().map(sentence).collect();
        sentences.dedup();
        let cycle = cycle(&edges).unwrap_or_default();
        Waits { edges: sentences, cycle: cycle.into_iter().map(name).collect() }
    }
}

impl Waits {
    /// Who waits for whom, and the circle they make.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let cycle = (!self.cycle.is_empty()).then(|| self.cycle.join(" -> "));
        self.edges.iter().cloned().chain(cycle.map(|cycle| format!("=> cycle: {cycle}")))
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentences().try_for_each(|sentence| text::paragraph(f, 2, &sentence))
    }
}

/// Who waits for whom, by thread number of those who wait.
pub fn edges(world: &World) -> Vec<Edge> {
    world.stuck.iter().flat_map(|stuck| edges_of(world, stuck)).collect()
}

/// Threads that wait for each other in a circle, if there are any; the first is the last again.
pub fn cycle(edges: &[Edge]) -> Option<Vec<Tid>> {
    edges.iter().find_map(|edge| {
        let mut path = vec![edge.from];
        closes(edges, &mut path, &mut Vec::new()).then_some(path)
    })
}

/// Whether the path can be extended to where it begins; if so, it is.
fn closes(edges: &[Edge], path: &mut Vec<Tid>, seen: &mut Vec<Tid>) -> bool {
    let here = path[path.len() - 1];
    for next in edges.iter().filter(|edge| edge.from == here).filter_map(|edge| edge.to) {
        if next == path[0] {
            path.push(next);
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            path.push(next);
            if closes(edges, path, seen) {
                return true;
            }
            path.pop();
        }
    }
    false
}

/// What a thread waits for, and each of those who could bring it.
type Wanted = Vec<(Option<Tid>, String)>;

/// What one of them waits for.
pub fn edges_of(world: &World, stuck: &Stuck) -> Vec<Edge> {
    let (from, at) = (stuck.thread, stuck.site);
    let wanted = match stuck.sleep {
        None => vec![(None, "the scheduler, and could run".to_string())],
        Some(Sleep { reason: Reason::Lock(lock, _), noun, .. }) => wants_lock(world, lock, noun),
        Some(_) if is_allocating(stuck) => wants_memory(world),
        Some(Sleep { reason: Reason::Timeout, .. }) => vec![(None, "its timer".to_string())],
        Some(sleep) => wants_condition(world, sleep),
    };
    wanted.into_iter().map(|(to, reason)| Edge { from, to, at, reason }).collect()
}

fn name(world: &World, thread: Tid) -> &str {
    names::thread(world, thread)
}

fn is_allocating(stuck: &Stuck) -> bool {
    let naps = stuck.sleep.is_some_and(|sleep| sleep.reason == Reason::MemoryNap);
    naps || stuck.acts(Role::Allocator)
}

fn wants_lock(world: &World, lock: LockId, noun: &str) -> Wanted {
    let holders = world.locks.holders(lock).iter();
    let wanted: Wanted =
        holders.map(|&t| (Some(t), format!("{noun}, held by {}", name(world, t)))).collect();
    if wanted.is_empty() { vec![(None, format!("{noun}, which nobody holds"))] } else { wanted }
}

fn wants_condition(world: &World, sleep: Sleep) -> Wanted {
    let wanted = match (sleep.object.kind, sleep.noun) {
        (Kind::AioWait, _) => wants_requests(world, sleep.object),
        (Kind::Zone, ALLOCATION) => wants_allocation(world),
        (Kind::Signal, _) => wants_process(world, sleep.object, sleep.noun),
        (Kind::Task, VFORK_DONE) => match find(&world.tasks, sleep.object) {
            Some(child) => wants_process(world, child.signal.object(), sleep.noun),
            None => Wanted::new(),
        },
        (Kind::Workqueue, FINISHED) => {
            wants(world, |stuck| stuck.acts(Role::Worker), "all work to be done")
        }
        (Kind::Srcu, _) => {
            wants(world, |stuck| stuck.is_in(MMU_RELEASE), "a notifier's release to return")
        }
        (Kind::SecondaryMmu, _) => vec![(None, "an invalidation to end".to_string())],
        _ => Wanted::new(),
    };
    if wanted.is_empty() { vec![(None, sleep.noun.to_string())] } else { wanted }
}

/// Requests in flight of the contexts whose end somebody waits for.
fn wants_requests(world: &World, waiter: ObjectRef) -> Wanted {
    let requests = world.kiocbs.live().filter(|(_, request)| {
        let ctx = request.ctx.and_then(|ctx| find(&world.kioctxs, ctx.object()));
        ctx.and_then(|ctx| ctx.waiter).is_some_and(|waiting| waiting.object() == waiter)
    });
    let wanted = requests.filter_map(|(_, request)| {
        let dead = request.completion == Completion::Never;
        let suffix = if dead { ", which never completes" } else { " to complete" };
        let device = request.thread?;
        Some((Some(device), format!("{}{suffix}", name(world, device))))
    });
    wanted.collect()
}

fn wants_allocation(world: &World) -> Wanted {
    let allocating = world.stuck.iter().filter(|stuck| is_allocating(stuck));
    let reason = "somebody's allocation to succeed";
    let wanted: Wanted = allocating.map(|stuck| (Some(stuck.thread), reason.to_string())).collect();
    if wanted.is_empty() { vec![(None, format!("{reason}, and nobody allocates"))] } else { wanted }
}

/// Those who are stuck in what has to end.
fn wants(world: &World, are_in_it: impl Fn(&Stuck) -> bool, reason: &str) -> Wanted {
    let stuck = world.stuck.iter().filter(|stuck| are_in_it(stuck));
    stuck.map(|stuck| (Some(stuck.thread), reason.to_string())).collect()
}

fn wants_process(world: &World, process: ObjectRef, noun: &str) -> Wanted {
    let Some(signal) = find(&world.signals, process) else { return Wanted::new() };
    let reason = format!("{noun} of {}", signal.name);
    alive(world, signal).into_iter().map(|thread| (Some(thread), reason.clone())).collect()
}

/// An allocation waits until the OOM killer has no victim left that is expected to free something.
fn wants_memory(world: &World) -> Wanted {
    let processes = world.processes.iter();
    let victims = processes.filter_map(|process| find(&world.signals, process.object()));
    let expected = victims.filter_map(|victim| Some((victim, victim.oom_mm?)));
    let expected = expected.filter(|&(_, mm)| is_awaited(world, mm));
    let wanted: Wanted =
        expected.flat_map(|(victim, mm)| wants_teardown(world, victim, mm)).collect();
    if wanted.is_empty() { vec![(None, "memory".to_string())] } else { wanted }
}

/// Whether the OOM killer still expects memory from an address space.
pub(super) fn is_awaited(world: &World, mm: Handle<Mm>) -> bool {
    let skipped = |mm: &Mm| mm.flags >> MmFlag::OomSkip.bit() & 1 == 1;
    find(&world.mms, mm.object()).is_some_and(|mm| !skipped(mm))
}

/// Who takes a victim's address space down; if nobody does yet, who has to let go of it first.
fn wants_teardown(world: &World, victim: &Signal, mm: Handle<Mm>) -> Wanted {
    let reason = format!("the OOM killer's victim: {}", victim.name);
    let candidates = [teardown(world, mm), alive(world, victim), pinning(world, mm)];
    match candidates.into_iter().find(|threads| !threads.is_empty()) {
        Some(threads) => threads.into_iter().map(|t| (Some(t), reason.clone())).collect(),
        None => vec![(None, reason)],
    }
}

fn teardown(world: &World, mm: Handle<Mm>) -> Vec<Tid> {
    let leaves = |stuck: &&Stuck| stuck.acts_on(Role::ExitPath, mm.object());
    world.stuck.iter().filter(leaves).map(|stuck| stuck.thread).collect()
}

/// The threads of a process that had not ended when the run did.
fn alive(world: &World, process: &Signal) -> Vec<Tid> {
    let tasks = process.threads.iter().filter_map(|task| find(&world.tasks, task.object()));
    tasks.filter_map(|task| task.thread).filter(|&thread| is_alive(world, thread)).collect()
}

fn is_alive(world: &World, thread: Tid) -> bool {
    world.threads()[thread.index()].sleep.is_some()
        || world.stuck.iter().any(|stuck| stuck.thread == thread)
}

fn pinning(world: &World, mm: Handle<Mm>) -> Vec<Tid> {
    let holders = world.tasks.live().filter(|(_, task)| task.pins.contains(&mm));
    holders.filter_map(|(_, task)| task.thread).collect()
}
