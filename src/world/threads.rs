//! The threads of a run: who runs, who could, who sleeps on what, and how the run ends.

use super::{End, World};
use crate::memory::Handle;
use crate::sync::point::{Access, Op, Phase};
use crate::sync::thread::{Sleep, Thread, Tid};
use crate::task::Task;
use crate::trace::{Actor, Call, Function, ObjectRef, Role, Site};

/// Scheduling decisions after which a run is given up. A hundred times what the largest case needs.
pub const STEP_LIMIT: u32 = 50_000;

/// Looks at objects without a scheduling point in between after which a thread counts as stuck. The largest
/// case boots with a tenth of them, and a step takes some dozens.
const LOOKS: u32 = 1_000_000;

/// A thread that still had something to do when the run ended.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// The thread.
    pub thread: Tid,
    /// Its sleep; `None` if it could run.
    pub sleep: Option<Sleep>,
    /// Where it was.
    pub site: Site,
    /// Its active calls, outermost first.
    pub calls: Vec<Call>,
}

impl Stuck {
    /// Who acts where it is.
    pub fn actor(&self) -> Actor {
        self.calls.last().map_or(Actor::default(), |call| call.actor)
    }

    /// Whether it acts in the role, or somebody who called what it is in.
    pub fn acts(&self, role: Role) -> bool {
        self.calls.iter().any(|call| call.actor.role == role)
    }

    /// Whether it does so with the object.
    pub fn acts_on(&self, role: Role, object: ObjectRef) -> bool {
        self.calls.iter().any(|call| call.actor.role == role && call.object == object)
    }

    /// Whether it is in the function.
    pub fn is_in(&self, function: Function) -> bool {
        self.calls.iter().any(|call| call.function() == function.name())
    }
}

impl World {
    /// The running thread panicked, maybe while the scheduler had the list of those that can run.
    pub(crate) fn recover(&mut self) {
        self.ready.insert(self.running, Op::default());
    }

    pub(crate) fn is_booting(&self) -> bool {
        self.booting
    }

    /// The machine is up: from now on the scheduler decides.
    pub fn booted(&mut self) {
        self.booting = false;
    }

    /// Adds a thread to the table.
    pub fn add_thread(&mut self, name: &str, task: Option<Handle<Task>>) -> Tid {
        if self.threads_used == self.threads.len() {
            self.threads.push(Thread::default());
        }
        let thread = &mut self.threads[self.threads_used];
        thread.reset();
        thread.name.push_str(name);
        thread.task = task;
        let number = Tid(self.threads_used as u8);
        self.ready.insert(number, Op::default());
        self.threads_used += 1;
        number
    }

    /// The threads of this run, by number.
    pub fn threads(&self) -> &[Thread] {
        &self.threads[..self.threads_used]
    }

    /// The number of the running thread.
    pub fn running_tid(&self) -> Tid {
        self.running
    }

    /// The running thread.
    pub fn running(&mut self) -> &mut Thread {
        &mut self.threads[self.running.index()]
    }

    /// The task that runs.
    pub fn current(&self) -> Option<Handle<Task>> {
        self.threads[self.running.index()].task
    }

    /// Notes what the running thread does next, for sites.
    #[inline]
    pub(crate) fn at(&mut self, verb: &'static str, noun: &'static str) {
        self.running().operation = self.names.pair(verb, noun);
    }

    pub(crate) fn announce(&mut self, object: ObjectRef, access: Access) {
        self.looks = 0;
        let site = self.threads[self.running.index()].site();
        self.ready.announce(self.running, Op { object, access, site });
    }

    /// The running thread looks at an object: whether it has looked so often that it will not come back.
    pub(crate) fn looks_again(&mut self) -> bool {
        self.looks += 1;
        self.looks > LOOKS
    }

    /// What the running thread has announced.
    pub(crate) fn announced(&self) -> Op {
        self.ready.announced(self.running)
    }

    pub(crate) fn phase(&self) -> Phase {
        match (self.booting, self.end) {
            (true, _) => Phase::Booting,
            (_, Some(_)) => Phase::Stopping,
            _ if self.step > STEP_LIMIT => Phase::OverLimit,
            _ => Phase::Running,
        }
    }

    /// Whether the scheduler decides: the machine is up and the run is not over.
    pub(crate) fn is_free_running(&self) -> bool {
        !self.booting && self.end.is_none()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.end.is_some()
    }

    /// The running thread sleeps until it is [`World::unblock`]ed.
    pub(crate) fn block(&mut self) {
        let op = self.ready.remove(self.running);
        self.running().announced = op;
    }

    /// A thread that slept can run again.
    pub(crate) fn unblock(&mut self, thread: Tid) {
        let op = self.threads[thread.index()].announced;
        if self.ready.insert(thread, op) {
            self.footprint.wake(thread);
        }
    }

    /// The running thread has ended.
    pub(crate) fn end_thread(&mut self) {
        self.ready.remove(self.running);
        self.running().ended = true;
    }

    /// The scheduler chose this thread.
    pub(crate) fn resume(&mut self, thread: Tid) {
        self.running = thread;
        self.step += u32::from(self.is_free_running());
    }

    /// Ends the run: whether it had not ended before.
    pub(crate) fn stop(&mut self, end: End) -> bool {
        let ends = self.end.is_none();
        if ends {
            self.end = Some(end);
            self.note_stuck();
        }
        ends
    }

    /// The first thread from this number on, other than the running one, that has not ended.
    pub(crate) fn next_unfinished(&self, from: usize) -> Option<Tid> {
        let mut others = (from..self.threads_used).filter(|&t| t != self.running.index());
        others.find(|&t| !self.threads[t].ended).map(|t| Tid(t as u8))
    }

    fn note_stuck(&mut self) {
        for (number, thread) in self.threads[..self.threads_used].iter().enumerate().skip(1) {
            if !thread.ended && !thread.sleep.is_some_and(|sleep| sleep.idle) {
                self.stuck.push(Stuck {
                    thread: Tid(number as u8),
                    sleep: thread.sleep,
                    site: thread.site(),
                    calls: thread.calls.clone(),
                });
            }
        }
    }

    /// Whether the thread sleeps on the condition.
    pub(crate) fn waits(&self, thread: Tid, object: ObjectRef, noun: &'static str) -> bool {
        let sleep = &self.threads[thread.index()].sleep;
        sleep.is_some_and(|sleep| sleep.object == object && sleep.noun == noun)
    }

    /// The first thread from this number on that sleeps on the condition.
    pub(crate) fn next_waiting(
        &self,
        from: usize,
        object: ObjectRef,
        noun: &'static str,
    ) -> Option<Tid> {
        let mut others = (from..self.threads_used).map(|number| Tid(number as u8));
        others.find(|&thread| self.waits(thread, object, noun))
    }

    /// Whether a thread sleeps on the condition that nobody has woken yet.
    pub(crate) fn is_awaited(&mut self, object: ObjectRef, noun: &'static str) -> bool {
        let mut awaited = false;
        for number in 0..self.threads_used {
            let thread = Tid(number as u8);
            if !self.waits(thread, object, noun) {
                continue;
            }
            self.footprint.touch(thread.object(), "sleep", Access::Read);
            awaited |= !self.ready.contains(thread);
        }
        awaited
    }
}
