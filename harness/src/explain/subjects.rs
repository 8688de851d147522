//! What a failure is about: its object, the address spaces it belongs to, their processes, and pages.
//!
//! An object that is gone still tells where it belonged. A page table does not know its address space;
//! then the functions that were running around the failure's events do.

use super::names::find;
use super::stacks::Stacks;
use super::waits::is_awaited;
use crate::oracle::Failure;
use mmreap::memory::Handle;
use mmreap::mm::Mm;
use mmreap::sync::thread::Tid;
use mmreap::task::{Signal, Task};
use mmreap::trace::{EventKind, Kind, ObjectRef};
use mmreap::world::{End, World};

/// What a failure is about.
pub(super) struct Subjects {
    /// The object that the oracle named.
    pub object: ObjectRef,
    /// Address spaces.
    pub spaces: Vec<ObjectRef>,
    /// Their tasks and processes.
    pub people: Vec<ObjectRef>,
    /// Page numbers, if it is about the content of user memory.
    pub pages: Vec<u32>,
}

impl Subjects {
    /// The subjects of a failure.
    pub(super) fn of(world: &World, stacks: &Stacks, failure: &Failure, end: End) -> Self {
        let spaces = spaces(world, stacks, failure, end);
        let people = people(world, &spaces);
        let events = failure.events.iter().filter_map(|&event| world.log.get(event as usize));
        let pages = events.filter_map(|event| page(event.kind)).collect();
        Subjects { object: failure.object, spaces, people, pages }
    }
}

/// The page whose content an event is about.
pub(super) fn page(kind: EventKind) -> Option<u32> {
    match kind {
        EventKind::UserWrite { page, .. }
        | EventKind::UserRead { page, .. }
        | EventKind::UserFault { page }
        | EventKind::UserDiscard { page, .. } => Some(page),
        _ => None,
    }
}

fn spaces(world: &World, stacks: &Stacks, failure: &Failure, end: End) -> Vec<ObjectRef> {
    let mut spaces: Vec<ObjectRef> = space_of(world, failure.object).into_iter().collect();
    for &event in failure.events.iter().filter(|&&event| happened(world, event)) {
        let object = world.log[event as usize].object;
        spaces.extend(stacks.object(&world.log, event, Kind::Mm));
        spaces.extend(Some(object).filter(|object| object.kind == Kind::Mm));
    }
    if spaces.is_empty() || end == End::Livelock {
        spaces.extend(awaited(world));
    }
    spaces.sort_unstable();
    spaces.dedup();
    spaces
}

/// Whether there is such an event, after the machine booted.
pub(super) fn happened(world: &World, event: u32) -> bool {
    world.log.get(event as usize).is_some_and(|event| event.thread != Tid::CLOCK)
}

/// Address spaces that the OOM killer waits for.
fn awaited(world: &World) -> Vec<ObjectRef> {
    let victims = world.signals.all().filter_map(|(_, signal)| signal.oom_mm);
    victims.filter(|&mm| is_awaited(world, mm)).map(Handle::object).collect()
}

/// The address space that an object belongs to, if the object says so.
fn space_of(world: &World, object: ObjectRef) -> Option<ObjectRef> {
    let context = |ctx: ObjectRef| find(&world.kioctxs, ctx).map(|ctx| ctx.mm);
    let mm: Handle<Mm> = match object.kind {
        Kind::Mm => return Some(object),
        Kind::Vma => find(&world.vmas, object)?.mm,
        Kind::Task => of_task(world, find(&world.tasks, object)?)?,
        Kind::Signal => find(&world.signals, object)?.oom_mm?,
        Kind::Kioctx => context(object)?,
        Kind::Kiocb => context(find(&world.kiocbs, object)?.ctx?.object())?,
        Kind::AioWait => of_waiter(world, object)?,
        Kind::SecondaryMmu => find(&world.mmus, object)?.mm,
        Kind::Page => return of_frame(world, object),
        _ => return None,
    };
    Some(mm.object())
}

fn of_task(world: &World, task: &Task) -> Option<Handle<Mm>> {
    let process = find(&world.signals, task.signal.object());
    task.mm.or_else(|| process.and_then(|signal: &Signal| signal.oom_mm))
}

fn of_waiter(world: &World, waiter: ObjectRef) -> Option<Handle<Mm>> {
    let waits = |ctx: Option<_>| ctx.map(Handle::object) == Some(waiter);
    world.kioctxs.all().find(|(_, ctx)| waits(ctx.waiter)).map(|(_, ctx)| ctx.mm)
}

/// Where a frame was mapped last.
fn of_frame(world: &World, frame: ObjectRef) -> Option<ObjectRef> {
    let mapped = world.log.iter().rev().find(
        |event| matches!(event.kind, EventKind::Map { frame: mapped, .. } if mapped == frame.serial),
    );
    mapped.map(|event| event.object)
}

/// Tasks and processes that have one of the address spaces, or had it when they died.
fn people(world: &World, spaces: &[ObjectRef]) -> Vec<ObjectRef> {
    let of = |mm: Option<Handle<Mm>>| mm.is_some_and(|mm| spaces.contains(&mm.object()));
    let members = world.tasks.all().filter(|(_, task)| of(of_task(world, task)));
    let members = members.flat_map(|(task, state)| [task.object(), state.signal.object()]);
    let processes = world.signals.all().filter(|(_, signal)| of(signal.oom_mm));
    members.chain(processes.map(|(signal, _)| signal.object())).collect()
}
