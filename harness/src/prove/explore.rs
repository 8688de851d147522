//! The scheduler of a proof: follows the branch at hand, and records what its new steps do.
//!
//! Without a bound on preemptions:
//!
//! * A thread that would only wait for a lock is not let at it before the lock is free: waiting has no effect
//!   on others, so this leaves nothing out and saves one branch for each contended lock. Only when nobody
//!   could run otherwise do threads queue up, as they then do before the clock ticks.
//! * A thread that comes to a wait looks at once whether it has to wait. Nobody but itself makes its condition
//!   false again, so it makes no difference whether it finds that it holds, or is woken because it holds.
//!
//! With one, neither holds, for both make a difference to the price: who is in the queue gets the lock
//! without a preemption of whoever releases it. There a thread runs for as long as it can go on
//! ([`crate::schedule::preemption`]), and whoever can run may be next, as in every run.
//!
//! Daemons and devices go to sleep before anything else, as on a machine that has been up for a while. That
//! leaves nothing out: nobody can tell one that waits for work from one that has not begun to, and those that
//! begin cost nothing then.

use super::Reduction;
use super::trace::{Step, Threads, only};
use super::tree::{Next, Tree};
use crate::daemon;
use crate::schedule::in_order::InOrder;
use crate::schedule::preemption::{could_go_on, looks_at, only_waits};
use mmreap::sync::daemon::Daemon;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::{Access, Op};
use mmreap::sync::thread::{Thread, Tid};
use mmreap::world::{World, world};

/// Threads that a proof can tell apart.
pub const THREADS: usize = Threads::BITS as usize;

/// Decisions of the longest run that is explored. Each step is compared with those before it, and a case whose runs
/// are longer has more schedules than anybody can try.
const LONGEST: usize = 5_000;

/// What limits the tree.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// The bound on preemptions.
    pub preemptions: Option<u32>,
    /// The depth of the trunk.
    pub trunk: usize,
}

/// A step that has begun.
struct Begun {
    thread: Tid,
    announced: Option<Touch>,
    barrier: bool,
}

/// Explores the schedules of a case.
pub struct Explorer {
    reduction: Reduction,
    bounds: Bounds,
    tree: Option<Tree>,
    /// Blocks that were begun, and steps of the latest.
    depth: usize,
    taken: usize,
    begun: Option<Begun>,
    redundant: bool,
    /// Decisions of the run at hand, until it was given up.
    decisions: usize,
    /// Number of threads of the case.
    threads: usize,
    /// Parts below the trunk that were entered, and whether the latest run entered one.
    parts: usize,
    entered: bool,
    /// The thread that was chosen last.
    ran: Option<Tid>,
    /// Threads that could run when it was asked last.
    awake: Threads,
    /// Threads that have not gone to sleep for the first time, and go first.
    starting: Threads,
    /// Threads that woke up and did not run yet: what they announced before they slept is history.
    woken: Threads,
}

impl Explorer {
    /// Nothing explored yet.
    pub fn new(reduction: Reduction, bounds: Bounds) -> Self {
        Explorer {
            reduction,
            bounds,
            tree: None,
            depth: 0,
            taken: 0,
            begun: None,
            redundant: false,
            decisions: 0,
            threads: 0,
            parts: 0,
            entered: false,
            ran: None,
            awake: 0,
            starting: 0,
            woken: 0,
        }
    }

    /// Number of threads of the case.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The number of the part of the tree that the latest run was the first of, if it was; a run that does
    /// not leave the trunk is a part of its own.
    pub fn is_new_part(&self) -> Option<usize> {
        self.entered.then_some(self.parts)
    }

    /// The run is over, and left this world. `cut_off` says that it ended although threads could have gone on.
    pub fn finish(&mut self, world: &World, cut_off: bool) {
        if self.complete(world, cut_off) {
            self.close(None);
        }
        if self.depth <= self.bounds.trunk && !self.entered {
            self.enter();
        }
        (self.depth, self.taken, self.ran, self.awake, self.woken) = (0, 0, None, 0, 0);
    }

    fn enter(&mut self) {
        self.entered = true;
        self.parts += 1;
    }

    /// Whether the latest run came to a place where every thread that could go on was asleep.
    pub fn was_redundant(&self) -> bool {
        self.redundant
    }

    /// Whether the latest run was given up because it did not come to an end.
    pub fn was_too_long(&self) -> bool {
        self.decisions > LONGEST
    }

    /// The trace of the latest run.
    pub fn class(&self) -> u64 {
        self.tree.as_ref().map_or(0, Tree::class)
    }

    /// Turns to the next branch, or, if the latest run was the first of a part that is somebody else's, to
    /// the first beside that part. `false` if there is none.
    pub fn backtrack(&mut self, ours: bool) -> bool {
        (self.redundant, self.entered, self.decisions) = (false, false, 0);
        let trunk = self.bounds.trunk;
        self.tree.as_mut().is_some_and(|tree| {
            if !ours {
                tree.prune(trunk);
            }
            tree.backtrack()
        })
    }

    fn is_bounded(&self) -> bool {
        self.bounds.preemptions.is_some()
    }

    /// The step at hand is over; whether it was a new one.
    fn complete(&mut self, world: &World, ends: bool) -> bool {
        let Some(begun) = self.begun.take() else { return false };
        let mut step = Step::new(begun.thread, begun.announced, &world.footprint);
        (step.barrier, step.ends) = (begun.barrier, ends);
        if let Some(tree) = &mut self.tree {
            tree.complete(step);
        }
        true
    }

    /// The block at hand, which was a new one, is over.
    fn close(&mut self, look: Option<Step>) {
        if let Some(tree) = &mut self.tree {
            tree.close(look);
        }
    }

    fn decide(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.threads = world(|w| w.threads().len());
        self.decisions += 1;
        if self.threads > THREADS || self.was_too_long() {
            return self.give_up(candidates, current);
        }
        self.note_wakers(candidates);
        if let Some(thread) = self.comes_to_wait(candidates) {
            return thread;
        }
        let is_new = world(|w| self.complete(w, false));
        let goes_on = could_go_on(candidates, current);
        if let Some(thread) = goes_on.filter(|_| self.is_inside_block()) {
            self.step(thread, candidates, is_new);
            return thread;
        }
        if is_new {
            let is_awake = current.filter(|_| self.is_bounded() && goes_on.is_none());
            self.close(is_awake.and_then(|thread| look(thread, candidates)));
        }
        self.next(candidates, goes_on)
    }

    fn is_inside_block(&self) -> bool {
        let tree = self.tree.as_ref().filter(|_| self.taken > 0);
        tree.is_some_and(|tree| !tree.ends_block(self.depth - 1, self.taken))
    }

    /// The next block begins.
    fn next(&mut self, candidates: &[Candidate], goes_on: Option<Tid>) -> Tid {
        let enabled = self.enabled(candidates);
        let (reduction, bounds) = (self.reduction, self.bounds);
        let begin = || Tree::new(reduction, bounds.preemptions, bounds.trunk, self.threads);
        let tree = self.tree.get_or_insert_with(begin);
        let extends = self.depth >= tree.len();
        let next = match extends {
            true => tree.extend(enabled, goes_on),
            false => Next::Run(tree.chosen(self.depth)),
        };
        let is_new = self.depth + 1 >= tree.len();
        let Next::Run(thread) = next else { return self.give_up(candidates, goes_on) };
        if extends && self.depth == bounds.trunk && bounds.trunk > 0 {
            self.enter();
        }
        (self.depth, self.taken) = (self.depth + 1, 0);
        self.step(thread, candidates, is_new);
        thread
    }

    /// The threads that may be next.
    fn enabled(&self, candidates: &[Candidate]) -> Threads {
        match self.starting & self.awake {
            0 if self.is_bounded() => self.awake,
            0 => without_waiters(candidates, self.woken),
            starting => starting & starting.wrapping_neg(),
        }
    }

    /// Lets the run come to its end, whatever it is: nothing of it is news.
    fn give_up(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.redundant = true;
        InOrder.choose(candidates, current)
    }

    /// The thread that ran, if it looks next whether it has to wait: that belongs to the step at hand.
    fn comes_to_wait(&self, candidates: &[Candidate]) -> Option<Tid> {
        let ran = self.ran.filter(|_| !self.is_bounded())?;
        let waits = |c: &&Candidate| c.thread == ran && c.op.access == Access::Await;
        candidates.iter().find(waits).map(|c| c.thread)
    }

    fn note_wakers(&mut self, candidates: &[Candidate]) {
        let now = candidates.iter().fold(0, |set, c| set | only(c.thread));
        if self.depth == 0 {
            self.starting = world(|w| waiting_at_boot(w));
        } else {
            self.woken |= now & !self.awake & !only(Tid::CLOCK);
        }
        self.starting &= now;
        self.awake = now;
    }

    fn step(&mut self, thread: Tid, candidates: &[Candidate], is_new: bool) {
        self.taken += 1;
        self.ran = Some(thread);
        let woke_up = self.woken & only(thread) != 0;
        self.woken &= !only(thread);
        if !is_new {
            return;
        }
        let op = candidates.iter().find(|c| c.thread == thread).map(|c| c.op);
        let announced = op.filter(|op| !woke_up && !op.access.is_open()).map(|op| touch(&op));
        let barrier = world(|w| {
            w.footprint.recording = true;
            w.footprint.clear();
            thread == Tid::CLOCK && !w.clock.any_time
        });
        self.begun = Some(Begun { thread, announced, barrier });
    }
}

/// The threads that wait for work from the start: devices, and the daemons that are there without any.
fn waiting_at_boot(w: &World) -> Threads {
    let waits = |thread: &&Thread| {
        let waits =
            |daemon: &'static Daemon| daemon.has_work.is_none() && daemon.name == thread.name;
        daemon::all().any(waits) || thread.name.contains('#')
    };
    let threads = w.threads().iter().zip(0..);
    threads.filter(|(thread, _)| waits(thread)).fold(0, |set, (_, number)| set | only(Tid(number)))
}

fn touch(op: &Op) -> Touch {
    Touch { object: op.object, noun: op.site.noun(), access: op.access }
}

/// What the thread looked at that did not let it go on.
fn look(thread: Tid, candidates: &[Candidate]) -> Option<Step> {
    let touches = looks_at(candidates.iter().find(|c| c.thread == thread)?);
    Some(Step { thread, touches, ..Step::default() })
}

/// The threads whose next step does not only wait; all, if there is none.
fn without_waiters(candidates: &[Candidate], woken: Threads) -> Threads {
    let set = |all: bool| {
        let free = |c: &&Candidate| all || woken & only(c.thread) != 0 || !only_waits(c);
        candidates.iter().filter(free).fold(0, |set, c| set | only(c.thread))
    };
    match set(false) {
        0 => set(true),
        enabled => enabled,
    }
}

impl Choose for Explorer {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        if self.redundant {
            return InOrder.choose(candidates, current);
        }
        self.decide(candidates, current)
    }
}
