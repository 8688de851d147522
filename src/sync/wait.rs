//! Wait queues: sleep until a condition holds, and wake whoever may be waiting for it.
//!
//! A queue is named by an object and the condition's name. The condition is looked at and the thread
//! goes to sleep in one step, so no wake-up is lost; whoever changes the condition calls
//! [`wake_up`] afterwards.

use crate::sync::lock::might_sleep;
use crate::sync::point::{Access, point};
use crate::sync::primitive::Primitive;
use crate::sync::thread::{Reason, Sleep, sleep, wake};
use crate::task::fatal_signal_pending;
use crate::trace::ObjectRef;
use crate::world::world;

/// Threads that look whether they have to wait, and go to sleep, do not see each other. A wake-up is in conflict with
/// each, for it may find nobody there yet.
pub(crate) const PRIMITIVE: Primitive = Primitive {
    name: "wait",
    accesses: &[Access::Await, Access::Add, Access::Read, Access::Update],
    commute: &[
        (&[Access::Await], &[Access::Await]),
        (&[Access::Add], &[Access::Add]),
        (&[Access::Read], &[Access::Read]),
    ],
    ..Primitive::BARE
};

/// `wait_event`: sleeps uninterruptibly until the condition holds.
pub fn wait_event(object: ObjectRef, noun: &'static str, condition: impl Fn() -> bool) {
    let awaited = Sleep { killable: false, idle: false, ..awaited(object, noun) };
    wait(awaited, "wait_event", &condition);
}

/// `wait_event_killable`: whether the condition holds; if not, a fatal signal arrived first.
pub fn wait_event_killable(
    object: ObjectRef,
    noun: &'static str,
    condition: impl Fn() -> bool,
) -> bool {
    let awaited = Sleep { killable: true, idle: false, ..awaited(object, noun) };
    wait(awaited, "wait_event_killable", &|| condition() || fatal_signal_pending());
    condition()
}

/// `wait_event_freezable` of a daemon that waits for work: whether there is some. If not, the run ended
/// while it slept here, and the thread has to return from its body without doing anything more.
#[must_use = "a thread must not go on after the run"]
pub fn wait_for_work(object: ObjectRef, noun: &'static str, condition: impl Fn() -> bool) -> bool {
    let awaited = Sleep { killable: false, idle: true, ..awaited(object, noun) };
    wait(awaited, "wait_event_freezable", &condition)
}

/// `pause(2)`: a user thread without work sleeps until a fatal signal arrives. `false` if the run ended
/// before that; then the thread has to return from its body.
#[must_use = "a thread must not go on after the run"]
pub fn pause(object: ObjectRef) -> bool {
    let awaited = Sleep { killable: true, idle: true, ..awaited(object, "signal") };
    wait(awaited, "pause", &fatal_signal_pending)
}

fn awaited(object: ObjectRef, noun: &'static str) -> Sleep {
    Sleep { reason: Reason::Condition, object, noun, killable: false, idle: false }
}

/// Whether the condition holds; only an idle sleep may end without it.
fn wait(awaited: Sleep, verb: &'static str, condition: &dyn Fn() -> bool) -> bool {
    might_sleep(awaited.object);
    loop {
        point(awaited.object, Access::Await, verb, awaited.noun);
        if condition() {
            return true;
        }
        world(|w| w.footprint.touch(awaited.object, awaited.noun, Access::Add));
        if !sleep(awaited) {
            return false;
        }
    }
}

/// `wake_up_all`.
pub fn wake_up(object: ObjectRef, noun: &'static str) {
    point(object, Access::Read, "wake_up", noun);
    wake_all(object, noun);
}

/// `complete_all`: makes the condition hold and wakes whoever waits for it in one step, as under the
/// queue's lock, so that a waiter that owns the object may free it as soon as it goes on.
pub fn complete(object: ObjectRef, noun: &'static str, change: impl FnOnce()) {
    point(object, Access::Update, "complete", noun);
    change();
    wake_all(object, noun);
}

/// `complete_all` in the step at hand, by who has made the condition hold in it.
pub fn complete_locked(object: ObjectRef, noun: &'static str) {
    world(|w| w.footprint.touch(object, noun, Access::Update));
    wake_all(object, noun);
}

fn wake_all(object: ObjectRef, noun: &'static str) {
    let mut from = 0;
    while let Some(thread) = world(|w| w.next_waiting(from, object, noun)) {
        wake(thread);
        from = thread.index() + 1;
    }
}
