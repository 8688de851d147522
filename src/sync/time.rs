//! Virtual time: jiffies, timers, `schedule_timeout`.
//!
//! Under *fair* time the clock jumps to the next deadline only when nothing else can run. Under *any*
//! time the scheduler may let a pending timer fire at any moment, which stands for threads that are
//! slow; after [`IDLE_ROUNDS`] naps of allocators without any progress time becomes fair and injected
//! faults stop, so that "nobody makes progress" is a fact and not the scheduler's or a fault's choice.

use crate::inject;
use crate::sync::lock::might_sleep;
use crate::sync::point::{Access, point};
use crate::sync::primitive::Primitive;
use crate::sync::thread::{Reason, Sleep, Tid, sleep, wake};
use crate::task::fatal_signal_pending;
use crate::trace::{EventKind, Kind, ObjectRef, record};
use crate::world::{End, World, world};

/// Timers that are set do not see each other, and neither do those who make progress. The clock looks at all of it.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "time",
    accesses: &[Access::Add, Access::Read, Access::Tick],
    commute: &[(&[Access::Add], &[Access::Add]), (&[Access::Read], &[Access::Read])],
    ..Primitive::BARE
};

/// Jiffies per second.
pub const HZ: u32 = 100;

/// How many times in a row the clock may wake nothing but napping allocators, with no progress in
/// between, until the run counts as stuck. One round after everything else has come to rest repeats
/// the state exactly; the rest is a margin for naps of different length.
pub const IDLE_ROUNDS: u32 = 32;

/// What the clock looks at to see whether anything moves.
pub(crate) const PROGRESS: ObjectRef = ObjectRef::sole(Kind::Clock);

/// A pending timer.
#[derive(Clone, Copy, Debug)]
struct Timer {
    deadline: u32,
    thread: Tid,
    nap: bool,
}

/// The clock of a machine.
#[derive(Debug, Default)]
pub struct Clock {
    /// Now.
    pub jiffies: u32,
    /// Whether timers may fire at any moment.
    pub any_time: bool,
    timers: Vec<Timer>,
    /// The timers that fired last.
    fired: Vec<Timer>,
    idle_rounds: u32,
    /// Events before the latest time that timers fired.
    events_seen: usize,
}

impl Clock {
    /// Makes a used clock new.
    pub fn reset(&mut self) {
        self.timers.clear();
        let Clock { timers, fired, .. } = std::mem::take(self);
        *self = Clock { timers, fired, ..Clock::default() };
    }

    /// Whether a timer is pending.
    pub fn has_timers(&self) -> bool {
        !self.timers.is_empty()
    }

    /// The next deadline; if only naps repeated lately, that of a timer that is not a nap.
    fn next_deadline(&self) -> Option<u32> {
        let repeated = self.idle_rounds >= IDLE_ROUNDS;
        self.timers.iter().filter(|t| !(repeated && t.nap)).map(|t| t.deadline).min()
    }

    fn fire(&mut self, deadline: u32) {
        self.jiffies = self.jiffies.max(deadline);
        self.fired.clear();
        self.fired.extend(self.timers.extract_if(.., |t| t.deadline <= deadline));
    }
}

/// Sleeps for so many jiffies, uninterruptibly.
pub fn schedule_timeout_uninterruptible(jiffies: u32) {
    timeout(jiffies, Reason::Timeout, false);
}

/// Sleeps for so many jiffies as a daemon does between two attempts.
pub fn schedule_timeout_idle(jiffies: u32) {
    timeout(jiffies, Reason::Timeout, false);
}

/// Sleeps for so many jiffies, or until a fatal signal arrives.
pub fn schedule_timeout_killable(jiffies: u32) {
    timeout(jiffies, Reason::Timeout, true);
}

/// The nap of an allocation that is going to try again.
pub fn memory_nap(jiffies: u32) {
    timeout(jiffies, Reason::MemoryNap, false);
}

fn timeout(jiffies: u32, reason: Reason, killable: bool) {
    let object = ObjectRef::sole(Kind::Clock);
    might_sleep(object);
    point(object, Access::Add, "schedule_timeout", "");
    if killable && fatal_signal_pending() {
        return;
    }
    world(|w| {
        let timer = Timer {
            deadline: w.clock.jiffies.saturating_add(jiffies),
            thread: w.running_tid(),
            nap: reason == Reason::MemoryNap,
        };
        w.clock.timers.push(timer);
    });
    sleep(Sleep { reason, object, noun: "timeout", killable, idle: false });
    world(|w| {
        let me = w.running_tid();
        w.footprint.touch(object, "", Access::Add);
        w.clock.timers.retain(|t| t.thread != me);
    });
}

/// Fires the next timers, or says how the run ends because there are none.
pub(super) fn tick() -> Option<End> {
    let deadline = world(|w| {
        if w.made_progress(w.clock.events_seen) {
            w.clock.idle_rounds = 0;
        }
        w.clock.next_deadline()
    });
    let Some(deadline) = deadline else { return Some(at_rest()) };
    world(|w| fire(w, deadline));
    record(ObjectRef::sole(Kind::Clock), EventKind::Tick { jiffies: world(|w| w.clock.jiffies) });
    (0..world(|w| w.clock.fired.len())).for_each(|n| wake(world(|w| w.clock.fired[n].thread)));
    None
}

fn at_rest() -> End {
    let napping = world(|w| w.clock.has_timers());
    if napping { End::Livelock } else { End::Quiescent }
}

fn fire(w: &mut World, deadline: u32) {
    w.footprint.touch(PROGRESS, "progress", Access::Read);
    let progress = w.made_progress(w.clock.events_seen);
    w.clock.fire(deadline);
    let clock = &mut w.clock;
    let stuck = !progress && clock.fired.iter().all(|t| t.nap);
    clock.idle_rounds = if stuck { clock.idle_rounds + 1 } else { 0 };
    clock.events_seen = w.log.len();
    if clock.idle_rounds >= IDLE_ROUNDS && (clock.any_time || w.injection.is_armed()) {
        (clock.any_time, clock.idle_rounds) = (false, 0);
        inject::disarm(w);
    }
}
