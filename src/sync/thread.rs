//! Threads of execution: what the machine's CPUs run. A kernel task is bound to each but the clock.

use crate::memory::Handle;
use crate::sync::engine;
use crate::sync::lock::{LockId, Mode};
use crate::sync::point::{Access, Op, end_run, leave_if_stopping, point};
use crate::sync::primitive::Primitive;
use crate::task::Task;
use crate::trace::names::Pair;
use crate::trace::{Actor, Call, EventKind, Kind, ObjectRef, Site};
use crate::world::world;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Who has not begun has touched nothing, and an inserted point is a look at nothing. Of two threads that wake a third,
/// one is the cause; who only looks whether it sleeps is none.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "thread",
    accesses: &[Access::Start, Access::Read, Access::Update],
    commute: &[
        (&[Access::Start], &[Access::Start, Access::Read]),
        (&[Access::Read], &[Access::Read]),
    ],
    ..Primitive::BARE
};

/// The number of a thread; 0 is the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tid(pub u8);

impl Tid {
    /// The thread that boots the machine, and is its clock from then on.
    pub const CLOCK: Tid = Tid(0);

    /// Its name in footprints.
    pub(crate) fn object(self) -> ObjectRef {
        ObjectRef { kind: Kind::None, serial: u32::from(self.0) }
    }

    /// Its index in tables of threads.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The name of the thread that boots the machine, and lets time pass.
pub const CLOCK: &str = "clock";

/// Why a thread sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It waits for a lock.
    Lock(LockId, Mode),
    /// It waits until a condition holds; the sleep's noun names it.
    Condition,
    /// It waits for time to pass.
    Timeout,
    /// It waits for time to pass before it tries an allocation again.
    MemoryNap,
}

/// A sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sleep {
    /// Why.
    pub reason: Reason,
    /// The object waited for.
    pub object: ObjectRef,
    /// The condition or lock.
    pub noun: &'static str,
    /// Whether a fatal signal ends it.
    pub killable: bool,
    /// Whether the thread has no duty: a daemon without work, a user thread in pause(2).
    pub idle: bool,
}

/// A thread.
#[derive(Debug, Default)]
pub struct Thread {
    /// Its name in cases, logs and diagrams.
    pub name: String,
    /// The task it runs; none for the clock.
    pub task: Option<Handle<Task>>,
    /// Active calls, outermost first.
    pub calls: Vec<Call>,
    /// Verb and noun of its latest operation.
    pub(crate) operation: Pair,
    /// How many operations it has announced: tells two arrivals at one site from each other.
    pub operations: u32,
    /// What it announced before it went to sleep.
    pub announced: Op,
    /// Its sleep, if it sleeps.
    pub sleep: Option<Sleep>,
    /// Locks it holds, in the order of acquisition.
    pub held: Vec<(LockId, Mode)>,
    /// Whether it has ended.
    pub ended: bool,
}

impl Thread {
    /// Makes a used thread new.
    pub fn reset(&mut self) {
        self.name.clear();
        self.calls.clear();
        self.held.clear();
        let Thread { name, calls, held, .. } = std::mem::take(self);
        *self = Thread { name, calls, held, ..Thread::default() };
    }

    /// Where it is.
    #[inline]
    pub fn site(&self) -> Site {
        self.doing().0
    }

    /// Where it is, and who acts there.
    #[inline]
    pub(crate) fn doing(&self) -> (Site, Actor) {
        let (names, actor) = self.call();
        (Site::at(names, self.operation), actor)
    }

    /// The function where it is, and who acts there.
    #[inline]
    pub(crate) fn call(&self) -> (Pair, Actor) {
        let call = self.calls.last();
        call.map_or((Pair::EMPTY, Actor::default()), |call| (call.names, call.actor))
    }
}

/// The payload with which a thread unwinds when the run is over. Not a panic: no hook sees it.
struct RunIsOver;

/// Ends the running thread without running more of its code.
pub(super) fn unwind() -> ! {
    resume_unwind(Box::new(RunIsOver))
}

/// Starts a thread during boot; `body` gets its number and runs when the machine is up.
pub fn spawn(name: &str, task: Handle<Task>, body: fn(Tid)) -> Tid {
    let thread = world(|w| w.add_thread(name, Some(task)));
    engine::spawn(thread, body);
    thread
}

/// Runs a thread's body to its end or to the end of the run.
pub(super) fn run(thread: Tid, body: fn(Tid)) {
    let begins = !world(|w| w.is_stopping());
    until_over(|| {
        if begins {
            body(thread)
        }
    });
    world(|w| w.end_thread());
}

/// Runs thread 0, which boots the machine and is its clock. A run that ends while it boots is over all the
/// same, and the threads that were started are told so.
pub(super) fn run_first(boot: fn()) {
    until_over(boot);
    world(|w| {
        if w.is_stopping() {
            w.booted();
        }
    });
}

/// Does something to its end or to the end of the run, which a panic is, too.
fn until_over(action: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(action))
        && !payload.is::<RunIsOver>()
    {
        engine::panicked(payload);
    }
}

/// What thread 0 does once the machine is up: it fires timers, and notices that nothing moves.
pub fn run_clock() {
    loop {
        point(ObjectRef::sole(Kind::Clock), Access::Tick, "tick", "");
        if let Some(end) = super::time::tick() {
            return end_run(end);
        }
    }
}

/// Sleeps until woken. `false` if the run ended during an idle sleep; the end of the run unwinds threads
/// that sleep otherwise. Most runs end with every thread idle, and returning is much cheaper.
pub(super) fn sleep(sleep: Sleep) -> bool {
    world(|w| {
        w.record(sleep.object, EventKind::Sleep);
        w.running().sleep = Some(sleep);
    });
    engine::block();
    if sleep.idle && world(|w| w.is_stopping()) {
        return false;
    }
    leave_if_stopping();
    world(|w| {
        w.running().sleep = None;
        w.record(sleep.object, EventKind::Wake);
    });
    true
}

/// Wakes a thread if it sleeps.
pub(super) fn wake(thread: Tid) {
    wake_if(thread, |_| true);
}

/// Wakes a thread if it sleeps in a way that a fatal signal ends.
pub fn wake_killable(thread: Tid) {
    wake_if(thread, |sleep| sleep.killable);
}

fn wake_if(thread: Tid, applies: fn(Sleep) -> bool) {
    let sleeps = world(|w| {
        let sleeps = w.threads[thread.index()].sleep.is_some_and(applies);
        if sleeps {
            // Of two threads that wake a third, one is the cause.
            w.footprint.touch(thread.object(), "sleep", Access::Update);
        }
        sleeps
    });
    if sleeps {
        engine::unblock(thread);
    }
}
