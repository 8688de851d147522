//! What objects are called: tasks and processes by their names in the case, others as in the log.

use mmreap::exit::do_exit::EXIT_MM;
use mmreap::memory::{Handle, Slab};
use mmreap::mm::Mm;
use mmreap::sync::thread::Tid;
use mmreap::task::{Signal, Task};
use mmreap::trace::{EventKind, Kind, ObjectRef};
use mmreap::world::World;

/// The object of a slab that an event speaks of, dead or alive.
pub(super) fn find<T>(slab: &Slab<T>, object: ObjectRef) -> Option<&T> {
    let mut all = slab.all();
    all.find(|(handle, _)| handle.serial() == object.serial).map(|(_, value)| value)
}

/// The name of a thread.
pub(super) fn thread(world: &World, thread: Tid) -> &str {
    &world.threads()[thread.index()].name
}

/// The name of an object.
pub(super) fn name(world: &World, object: ObjectRef) -> String {
    let name = match object.kind {
        Kind::Task => find(&world.tasks, object).map(|task| task.name.to_string()),
        Kind::Signal => find(&world.signals, object).map(|signal| signal.name.to_string()),
        Kind::Kiocb => find(&world.kiocbs, object)
            .and_then(|request| request.thread)
            .map(|device| thread(world, device).to_string()),
        _ => None,
    };
    name.unwrap_or_else(|| object.to_string())
}

/// The process that an address space belongs to: the victim that had it, or who has it, or who left it.
pub(super) fn owner(world: &World, space: ObjectRef) -> String {
    let is = |mm: Option<Handle<Mm>>| mm.is_some_and(|mm| mm.object() == space);
    let killed = world.signals.all().find(|(_, signal): &(_, &Signal)| is(signal.oom_mm));
    if let Some((_, signal)) = killed {
        return signal.name.to_string();
    }
    let member = world.tasks.all().find(|(_, task): &(_, &Task)| is(task.mm));
    let process = member.and_then(|(_, task)| find(&world.signals, task.signal.object()));
    let owner = process.map(|signal| signal.name.to_string());
    owner.or_else(|| leaver(world, space)).unwrap_or_else(|| space.to_string())
}

fn leaver(world: &World, space: ObjectRef) -> Option<String> {
    let mut log = world.log.iter();
    let left = log.find(|event| {
        event.kind == EventKind::Enter
            && event.site.function() == EXIT_MM.name()
            && event.object == space
    })?;
    Some(thread(world, left.thread).to_string())
}
