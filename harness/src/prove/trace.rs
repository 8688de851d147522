//! The steps of a run, which of them happened before which, and which pairs raced.
//!
//! A step is what a thread does from one scheduling point to its next. Steps of one thread are ordered;
//! so are two steps in conflict, a step that wakes a thread and what that thread does next, and, under fair
//! time, everything before the clock ticks and the tick. Vector clocks hold the order. Two runs with the same
//! order are one *trace* (Mazurkiewicz): nobody in the model can tell them apart.
//!
//! A race is a pair of steps in conflict with nothing between them in that order, whose second one was not
//! enabled by the first. Source: Abdulla, Aronis, Jonsson, Sagonas: "Optimal dynamic partial order
//! reduction", POPL 2014. Deviation: what a step touches is known from the run itself and not announced, so
//! races are looked for when a step is over.

use crate::schedule::{conflict, disturbs, never_co_enabled};
use mmreap::sync::footprint::{Footprint, Touch};
use mmreap::sync::point::Access;
use mmreap::sync::thread::Tid;
use mmreap::trace::ObjectRef;
use rustc_hash::FxHashMap;

/// A set of threads, one bit each.
pub type Threads = u64;

/// The set of one thread.
pub fn only(thread: Tid) -> Threads {
    1 << thread.0
}

/// What a step did, as far as others can notice.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Who.
    pub thread: Tid,
    /// What it touched, each once.
    pub touches: Vec<Touch>,
    /// Whom it woke.
    pub woken: Threads,
    /// Whether it is a tick of the clock for which everybody had to wait.
    pub barrier: bool,
    /// Whether it ended the run for everybody, so that nothing commutes with it.
    pub ends: bool,
}

impl Step {
    /// The step of a thread that began with an announced touch, if it did not just wake up.
    pub fn new(thread: Tid, announced: Option<Touch>, footprint: &Footprint) -> Self {
        let mut touches: Vec<Touch> = Vec::with_capacity(footprint.touches.len() + 1);
        for &touch in announced.iter().chain(&footprint.touches) {
            if !touches.contains(&touch) {
                touches.push(touch);
            }
        }
        let woken = footprint.woken.iter().fold(0, |set, &thread| set | only(thread));
        Step { thread, touches, woken, barrier: false, ends: false }
    }

    /// The steps of one thread as a single one.
    ///
    /// Which of several references that it drops is the last depends on those that others drop, so it counts
    /// as a look at the counter.
    pub fn joined(steps: impl IntoIterator<Item = Step>) -> Step {
        let mut steps = steps.into_iter();
        let mut all = steps.next().unwrap_or_default();
        for step in steps {
            all.woken |= step.woken;
            all.ends |= step.ends;
            let known = all.touches.len();
            for touch in step.touches {
                match all.touches[..known].iter().position(|old| both_put(old, &touch)) {
                    Some(old) => all.touches[old].access = Access::Update,
                    None if all.touches.contains(&touch) => {}
                    None => all.touches.push(touch),
                }
            }
        }
        all
    }

    /// Whether it may change what another thread's next step would be.
    pub fn disturbs(&self, next: &Step) -> bool {
        let with = |made: &Touch| next.touches.iter().any(|other| disturbs(made, other));
        self.barrier || next.ends || self.touches.iter().any(with)
    }
}

/// Whether both drop a reference of one counter.
fn both_put(a: &Touch, b: &Touch) -> bool {
    a.access.is_put() && b.access.is_put() && a.object == b.object && a.noun == b.noun
}

/// Whether who did so may have got a lock by it.
fn acquires(access: Access) -> bool {
    access.locks().is_some() || matches!(access, Access::TryLockRead | Access::TryLockWrite)
}

/// For each thread, how many of its steps happened before.
type Clock = Vec<u16>;

fn join(clock: &mut Clock, other: &Clock) {
    for (mine, theirs) in clock.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

struct Done {
    step: Step,
    /// Which of its thread's steps it is, from 1.
    number: u16,
    /// What happened before it, itself included.
    clock: Clock,
}

/// How a step comes after an earlier one. Of several ways the first one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    /// In conflict about a lock, which the earlier one acquired.
    Acquired,
    /// In conflict.
    Conflict,
    /// The earlier one released a lock that the later one had to wait for.
    Released,
}

/// The steps of a run so far.
pub struct Trace {
    threads: usize,
    /// Whether threads may queue up for a lock that is held, so that none has to wait for its release before it
    /// takes the step.
    queues: bool,
    steps: Vec<Done>,
    /// For each object, the touches of it and the places of their steps.
    touched: FxHashMap<ObjectRef, Vec<(u32, Touch)>>,
    /// The places of each thread's steps.
    places: Vec<Vec<u32>>,
}

impl Trace {
    /// No steps yet, of so many threads, which take no step that would only wait for a lock.
    pub fn new(threads: usize) -> Self {
        let (steps, places) = (Vec::new(), vec![Vec::new(); threads]);
        Trace { threads, queues: false, steps, touched: FxHashMap::default(), places }
    }

    /// The same, of threads that may queue up for locks.
    pub fn with_queues(threads: usize) -> Self {
        Trace { queues: true, ..Trace::new(threads) }
    }

    /// Number of steps.
    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// A step.
    pub fn step(&self, place: usize) -> &Step {
        &self.steps[place].step
    }

    /// How many steps of each thread happened before a step, itself included.
    pub fn clock(&self, place: usize) -> &[u16] {
        &self.steps[place].clock
    }

    /// Forgets all but the first steps.
    pub fn truncate(&mut self, len: usize) {
        while self.steps.len() > len {
            let Some(done) = self.steps.pop() else { break };
            self.places[done.step.thread.index()].pop();
            for touch in &done.step.touches {
                self.touched.get_mut(&touch.object).map(Vec::pop);
            }
        }
    }

    /// Adds a step, and returns the places of the earlier ones that it raced with, latest first.
    pub fn push(&mut self, step: Step) -> Vec<usize> {
        let before = self.before(&step);
        let links = self.links(&step);
        let mut clock = before.clone();
        for &(place, _) in &links {
            join(&mut clock, &self.steps[place].clock);
        }
        if step.barrier {
            self.latest_clocks().for_each(|other| join(&mut clock, other));
        }
        let races = if step.barrier { Vec::new() } else { self.races(before, &links) };
        self.append(step, clock);
        races
    }

    fn append(&mut self, step: Step, mut clock: Clock) {
        let place = self.steps.len() as u32;
        let places = &mut self.places[step.thread.index()];
        places.push(place);
        let number = places.len() as u16;
        clock[step.thread.index()] = number;
        for touch in &step.touches {
            self.touched.entry(touch.object).or_default().push((place, *touch));
        }
        self.steps.push(Done { step, number, clock });
    }

    fn latest_clocks(&self) -> impl Iterator<Item = &Clock> {
        let latest = self.places.iter().filter_map(|places| places.last());
        latest.map(|&place| &self.steps[place as usize].clock)
    }

    /// What had happened before the thread could take the step: its own steps, and who woke it.
    fn before(&self, step: &Step) -> Clock {
        let own = self.places[step.thread.index()].last().map(|&place| place as usize);
        let mut clock = own.map_or(vec![0; self.threads], |place| self.steps[place].clock.clone());
        for done in &self.steps[own.map_or(0, |place| place + 1)..] {
            if done.step.woken & only(step.thread) != 0 {
                join(&mut clock, &done.clock);
            }
        }
        clock
    }

    /// The earlier steps of other threads that it comes after, latest first.
    fn links(&self, step: &Step) -> Vec<(usize, Link)> {
        if step.ends {
            return self.all_of_others(step.thread);
        }
        let mut links: Vec<(usize, Link)> = Vec::new();
        for touch in &step.touches {
            for (place, other) in self.touched.get(&touch.object).into_iter().flatten() {
                let place = *place as usize;
                if conflict(other, touch) && self.steps[place].step.thread != step.thread {
                    links.push((place, self.link(other, touch)));
                }
            }
        }
        links.sort_unstable_by_key(|&(place, link)| (std::cmp::Reverse(place), link));
        links.dedup_by_key(|link| link.0);
        links
    }

    fn all_of_others(&self, thread: Tid) -> Vec<(usize, Link)> {
        let places = (0..self.steps.len()).rev();
        let others = places.filter(|&place| self.steps[place].step.thread != thread);
        others.map(|place| (place, Link::Conflict)).collect()
    }

    fn link(&self, earlier: &Touch, later: &Touch) -> Link {
        match (earlier.access, later.access) {
            _ if self.queues => Link::Conflict,
            (first, second) if never_co_enabled(first, second) => Link::Released,
            (first, second) if acquires(first) && second.locks().is_some() => Link::Acquired,
            _ => Link::Conflict,
        }
    }

    fn happened_before(&self, place: usize, clock: &Clock) -> bool {
        let done = &self.steps[place];
        clock[done.step.thread.index()] >= done.number
    }

    fn comes_after(&self, place: usize, earlier: usize) -> bool {
        self.happened_before(earlier, &self.steps[place].clock)
    }

    fn races(&self, before: Clock, links: &[(usize, Link)]) -> Vec<usize> {
        let mut hidden = before;
        // What its thread could not do before, because it waited for the lock.
        let mut held: Clock = vec![0; self.threads];
        let mut races = Vec::new();
        for &(place, link) in links {
            if self.happened_before(place, &hidden) {
                continue;
            }
            if link == Link::Released {
                join(&mut held, &self.steps[place].clock);
            } else if link == Link::Acquired || !self.happened_before(place, &held) {
                races.push(place);
                join(&mut hidden, &self.steps[place].clock);
            }
        }
        races
    }

    /// Who could go first at the place of a step that the latest one raced with, so that the latest one comes
    /// before it: of what followed and does not come after it, the steps that come after nothing else of that.
    pub fn initials(&self, first: usize) -> Threads {
        let Some(last) = self.steps.len().checked_sub(1) else { return 0 };
        let (mut initials, mut seen) = (0, 0);
        let mut independent: Vec<usize> = Vec::new();
        for place in (first + 1..=last).filter(|&p| p == last || !self.comes_after(p, first)) {
            let thread = only(self.steps[place].step.thread);
            if seen & thread == 0 && !independent.iter().any(|&p| self.comes_after(place, p)) {
                initials |= thread;
            }
            seen |= thread;
            independent.push(place);
        }
        initials
    }

    /// A number that equivalent runs share and others, with overwhelming probability, do not: it is made of
    /// each step's thread and of what happened before it.
    pub fn class(&self) -> u64 {
        let of = |done: &Done| {
            let mut hasher = rustc_hash::FxHasher::default();
            std::hash::Hash::hash(&(done.step.thread, &done.clock), &mut hasher);
            std::hash::Hasher::finish(&hasher)
        };
        self.steps.iter().map(of).fold(0, u64::wrapping_add)
    }
}
