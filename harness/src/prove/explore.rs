//! The scheduler of a proof: follows the branch at hand, and records what its new steps do.
//!
//! A thread that would only wait for a lock is not let at it before the lock is free: waiting has no effect
//! on others, so this leaves nothing out and saves one branch for each contended lock. Only when nobody
//! could run otherwise do threads queue up, as they then do before the clock ticks.
//!
//! A thread that comes to a wait looks at once whether it has to wait. Nobody but itself makes its condition
//! false again, so it makes no difference whether it finds that it holds, or is woken because it holds.
//!
//! Daemons and devices wait for work when a case begins, as on a machine that has been up for a while.

use super::Reduction;
use super::search::Bounds;
use super::trace::{Step, Threads, only};
use super::tree::{Tree, Turn};
use crate::schedule::in_order::InOrder;
use crate::schedule::preemption::{could_go_on, only_waits};
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::{Access, Op};
use mmreap::sync::thread::{Thread, Tid};
use mmreap::world::{World, world};

/// Threads that a proof can tell apart.
pub const THREADS: usize = Threads::BITS as usize;

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
    depth: usize,
    begun: Option<Begun>,
    redundant: bool,
    /// Number of threads of the case.
    threads: usize,
    /// Parts below the crown that were entered, and whether the latest run entered one.
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
            begun: None,
            redundant: false,
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
    /// not leave the crown is a part of its own.
    pub fn is_new_part(&self) -> Option<usize> {
        self.entered.then_some(self.parts)
    }

    /// The run is over. `cut_off` says that it ended although threads could have gone on.
    pub fn finish(&mut self, cut_off: bool) {
        self.complete();
        if let (Some(tree), true) = (&mut self.tree, cut_off && !self.redundant) {
            tree.cut_off();
        }
        if self.depth <= self.bounds.crown && !self.entered {
            self.enter();
        }
        (self.depth, self.ran, self.awake, self.woken) = (0, None, 0, 0);
    }

    fn enter(&mut self) {
        self.entered = true;
        self.parts += 1;
    }

    /// Whether the latest run came to a place where every thread that could go on was asleep.
    pub fn was_redundant(&self) -> bool {
        self.redundant
    }

    /// The trace of the latest run.
    pub fn class(&self) -> u64 {
        self.tree.as_ref().map_or(0, |tree| tree.trace.class())
    }

    /// Turns to the next branch, or, if the latest run was the first of a part that is somebody else's, to
    /// the first beside that part. `false` if there is none.
    pub fn backtrack(&mut self, ours: bool) -> bool {
        (self.redundant, self.entered) = (false, false);
        let crown = self.bounds.crown;
        self.tree.as_mut().is_some_and(|tree| {
            if !ours {
                tree.prune(crown);
            }
            tree.backtrack()
        })
    }

    fn complete(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        let mut step = world(|w| Step::new(begun.thread, begun.announced, &w.footprint));
        step.barrier = begun.barrier;
        if let Some(tree) = &mut self.tree {
            tree.complete(step);
        }
    }

    fn decide(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.threads = world(|w| w.threads().len());
        if self.threads > THREADS {
            return self.give_up(candidates, current);
        }
        self.note_wakers(candidates);
        if let Some(thread) = self.comes_to_wait(candidates) {
            return thread;
        }
        self.complete();
        let (reduction, bounds) = (self.reduction, self.bounds);
        let begin = || Tree::new(reduction, bounds.preemptions, bounds.crown, self.threads);
        let tree = self.tree.get_or_insert_with(begin);
        let extends = self.depth >= tree.len();
        let turn = if !extends {
            Turn::Run(tree.chosen(self.depth))
        } else {
            let starting = self.starting & self.awake;
            let enabled =
                if starting == 0 { enabled(candidates, self.woken) } else { lowest(starting) };
            tree.extend(enabled, could_go_on(candidates, current))
        };
        let is_new = self.depth + 1 >= tree.len();
        let enters = extends && self.depth == bounds.crown && bounds.crown > 0;
        match turn {
            Turn::Run(thread) => {
                if enters {
                    self.enter();
                }
                self.begin(thread, candidates, is_new);
                thread
            }
            Turn::Redundant => self.give_up(candidates, current),
        }
    }

    /// Lets the run come to its end, whatever it is: nothing of it is news.
    fn give_up(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.redundant = true;
        InOrder.choose(candidates, current)
    }

    /// The thread that ran, if it looks next whether it has to wait: that belongs to the step at hand.
    fn comes_to_wait(&self, candidates: &[Candidate]) -> Option<Tid> {
        let ran = self.ran?;
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

    fn begin(&mut self, thread: Tid, candidates: &[Candidate], is_new: bool) {
        self.depth += 1;
        self.ran = Some(thread);
        let woke_up = self.woken & only(thread) != 0;
        self.woken &= !only(thread);
        if !is_new {
            return;
        }
        let op = candidates.iter().find(|c| c.thread == thread).map(|c| c.op);
        let announced = op.filter(|op| !woke_up && says_all(op.access)).map(|op| touch(&op));
        let barrier = world(|w| {
            w.footprint.recording = true;
            w.footprint.clear();
            thread == Tid::CLOCK && !w.clock.any_time
        });
        self.begun = Some(Begun { thread, announced, barrier });
    }
}

/// Whether what was announced is what is done, and not more than that.
fn says_all(access: Access) -> bool {
    !matches!(access, Access::Start | Access::Put(_) | Access::Await)
}

/// The threads that wait for work from the start: devices, and the machine's daemons but the scanners,
/// which look round first.
fn waiting_at_boot(w: &World) -> Threads {
    let waits = |thread: &&Thread| {
        matches!(thread.name.as_str(), "oom_reaper" | "kworker") || thread.name.contains('#')
    };
    let threads = w.threads().iter().zip(0..);
    threads.filter(|(thread, _)| waits(thread)).fold(0, |set, (_, number)| set | only(Tid(number)))
}

fn lowest(threads: Threads) -> Threads {
    threads & threads.wrapping_neg()
}

fn touch(op: &Op) -> Touch {
    Touch { object: op.object, noun: op.site.noun(), access: op.access }
}

/// The threads whose next step does not only wait; all, if there is none.
fn enabled(candidates: &[Candidate], woken: Threads) -> Threads {
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
