//! Preemptions: a thread could go on, and another one runs instead.
//!
//! One definition for bounds of proofs, for the measure of cases and for certificates, so that they can be
//! compared. A thread that would only wait for a lock could not go on, and the clock is nobody: a timer that
//! fires early preempts whoever runs, and after it everybody may run. Source for counting them at all:
//! Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded programs",
//! PLDI 2007.

use mmreap::sync::bits::Flag;
use mmreap::sync::engine::Candidate;
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::Access;
use mmreap::sync::primitive::is_killable;
use mmreap::sync::thread::Tid;
use mmreap::task::TaskFlag;
use mmreap::world::{World, world};

/// The thread that ran last, if it could go on: any other that runs instead preempts it.
pub fn could_go_on(candidates: &[Candidate], current: Option<Tid>) -> Option<Tid> {
    let current = current.filter(|&thread| thread != Tid::CLOCK)?;
    let candidate = candidates.iter().find(|candidate| candidate.thread == current)?;
    (!only_waits(candidate)).then_some(current)
}

/// Whether all that the thread's next step would do is to queue up for a lock.
pub fn only_waits(candidate: &Candidate) -> bool {
    let Some(mode) = candidate.op.access.locks() else { return false };
    let op = &candidate.op;
    world(|w| {
        w.locks.only_waits(op.object, op.site.noun(), mode, candidate.thread)
            && !(is_being_killed(w, candidate.thread) && is_killable(op.site.verb()))
    })
}

/// What decides that all that the thread's next step would do is to queue up for a lock.
pub fn looks_at(candidate: &Candidate) -> Vec<Touch> {
    let op = &candidate.op;
    let lock = Touch { object: op.object, noun: op.site.noun(), access: Access::Read };
    let task = world(|w| w.threads()[candidate.thread.index()].task);
    let signal = task.map(|task| Touch {
        object: task.object(),
        noun: TaskFlag::Sigkill.name(),
        access: Access::Read,
    });
    std::iter::once(lock).chain(signal).collect()
}

fn is_being_killed(w: &mut World, thread: Tid) -> bool {
    let Some(task) = w.threads()[thread.index()].task else { return false };
    let bit = TaskFlag::Sigkill as u32;
    w.tasks.get(task).is_ok_and(|task| task.flags >> bit & 1 == 1)
}
