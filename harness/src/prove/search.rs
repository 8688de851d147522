//! The search of one thread: branch after branch of the tree, or of the parts that fall to it.
//!
//! Several searches share a tree without talking about it: each walks through the same trunk, in which
//! everything is tried, and takes those of the parts below that nobody else has taken.

use super::behaviour::behaviour;
use super::chance;
use super::explore::{Bounds, Explorer, THREADS};
use super::faults::Calls;
use super::{Options, Others, Progress, Unprovable, keep_first};
use crate::case::Case;
use crate::oracle::Failure;
use crate::run::news::News;
use crate::run::plan::Plan;
use crate::run::{Run, Runner};
use crate::schedule;
use crate::schedule::in_order::IN_ORDER;
use mmreap::revision::Revision;
use mmreap::sync::thread::Tid;
use mmreap::world::{End, World};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What several searches of one tree share.
pub struct Shared<'a> {
    budget: u64,
    before: u64,
    runs: AtomicU64,
    by_chance: AtomicU64,
    over: AtomicBool,
    taken: Mutex<BTreeSet<usize>>,
    progress: &'a (dyn Fn(Progress) -> bool + Sync),
}

impl<'a> Shared<'a> {
    /// A budget of runs, and the runs before this tree, which only progress tells.
    pub fn new(budget: u64, before: u64, progress: &'a (dyn Fn(Progress) -> bool + Sync)) -> Self {
        let (runs, by_chance, over) = Default::default();
        Shared { budget, before, runs, by_chance, over, taken: Mutex::default(), progress }
    }

    /// Whether the caller is the first who asks for the part.
    fn take(&self, part: usize) -> bool {
        self.taken.lock().expect("nobody panics with it").insert(part)
    }

    /// Takes one more run from the budget, if there is one.
    fn reserve(&self) -> bool {
        let next = |runs: u64| (runs < self.budget).then_some(runs + 1);
        self.runs.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// A run that was reserved belongs to the part of another search.
    fn give_back(&self) {
        self.runs.fetch_sub(1, Ordering::Relaxed);
    }

    /// The seed of a run by chance that nobody else has.
    fn seed(&self) -> u64 {
        self.by_chance.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells of a run: whether there may be another one.
    fn tell(&self, run: &Run) -> bool {
        let runs = self.before + self.runs.load(Ordering::Relaxed);
        (self.progress)(Progress { runs, steps: run.steps })
    }

    /// Nobody needs to go on.
    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// What one search came to.
#[derive(Debug, Default)]
pub struct Part {
    /// Runs that were not redundant.
    pub traces: u64,
    /// Runs, without those through the trunk to parts of others.
    pub runs: u64,
    /// Decisions of the longest.
    pub longest: u32,
    /// Whether it ended before all was tried.
    pub stopped: bool,
    /// A failing run.
    pub found: Option<(Case, Failure)>,
    /// The traces.
    pub classes: BTreeSet<u64>,
    /// What threads lived through.
    pub behaviours: BTreeSet<u64>,
    /// What happened besides.
    pub news: News,
    /// Failing runs that were not wanted.
    pub others: Others,
    /// The fault points that runs came by.
    pub calls: Calls,
}

impl Part {
    /// Adds another part of the same tree.
    pub fn add(&mut self, other: Part) {
        self.traces += other.traces;
        self.runs += other.runs;
        self.longest = self.longest.max(other.longest);
        self.stopped |= other.stopped;
        self.found = self.found.take().or(other.found);
        self.classes.extend(other.classes);
        self.behaviours.extend(other.behaviours);
        self.news.add(other.news);
        keep_first(&mut self.others, other.others);
        for (call, most) in other.calls {
            let calls = self.calls.entry(call).or_insert(0);
            *calls = most.max(*calls);
        }
    }

    fn stop(mut self, shared: &Shared<'_>) -> Self {
        shared.end();
        self.stopped = true;
        self
    }

    fn count(&mut self, run: &Run, options: &Options) {
        self.runs += 1;
        self.longest = self.longest.max(run.steps);
        if options.faults > 0 {
            note_calls(run.world(), &mut self.calls);
        }
    }

    fn count_trace(&mut self, run: &Run, options: &Options, explorer: &Explorer) {
        if explorer.was_redundant() {
            return;
        }
        self.traces += 1;
        self.news.add(News::of(run.world()));
        if options.collect {
            self.classes.insert(explorer.class());
            self.behaviours.insert(behaviour(run.world()));
        }
    }

    /// A run that was counted is over: whether there is to be another one.
    fn goes_on(&mut self, case: &Case, run: Run, options: &Options, shared: &Shared<'_>) -> bool {
        self.stopped = !shared.tell(&run);
        let is_over = self.is_found(case, run, options) || self.stopped;
        if is_over {
            shared.end();
        }
        !is_over
    }

    /// Keeps the failure of a run: whether it is what is looked for.
    fn is_found(&mut self, case: &Case, mut run: Run, options: &Options) -> bool {
        let Some(failure) = run.failure.take() else { return false };
        if options.wants(&failure.signature) {
            self.found = Some((by_names(case, &run), failure));
            return true;
        }
        let first = self.others.entry(failure.signature.clone());
        first.or_insert_with(|| (by_names(case, &run), failure));
        false
    }
}

/// Searches what of the tree nobody else has taken.
pub fn search(
    case: &Case,
    revision: &'static Revision,
    options: &Options,
    bounds: Bounds,
    shared: &Shared<'_>,
) -> Result<Part, Unprovable> {
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(case)));
    let explorer = Rc::new(RefCell::new(Explorer::new(options.reduction, bounds)));
    let mut part = Part::default();
    loop {
        if !shared.reserve() {
            return Ok(part.stop(shared));
        }
        if options.chance && chance::is_due(part.runs) {
            let scheduler = chance::scheduler(shared.seed(), bounds.preemptions, part.longest);
            let run = runner.record_under(&plan, revision, scheduler);
            part.count(&run, options);
            if !part.goes_on(case, run, options, shared) {
                return Ok(part);
            }
            continue;
        }
        let scheduler = Box::new(schedule::Shared(explorer.clone()));
        let run = runner.record_under(&plan, revision, scheduler);
        let mut explorer = explorer.borrow_mut();
        if explorer.threads() > THREADS {
            return Err(Unprovable::Threads(explorer.threads()));
        }
        explorer.finish(run.world(), is_cut_off(run.end));
        let ours = explorer.is_new_part().is_none_or(|part| shared.take(part));
        if ours {
            part.count(&run, options);
            part.count_trace(&run, options, &explorer);
        } else {
            shared.give_back();
        }
        if ours && !part.goes_on(case, run, options, shared) {
            return Ok(part);
        }
        if explorer.was_too_long() {
            return Ok(part.stop(shared));
        }
        if shared.is_over() || !explorer.backtrack(ours) {
            return Ok(part);
        }
    }
}

/// Whether threads could have gone on when the run ended.
fn is_cut_off(end: End) -> bool {
    matches!(end, End::Panic | End::StepLimit | End::Violation | End::Broken)
}

/// The case with the schedule of its run.
fn by_names(case: &Case, run: &Run) -> Case {
    let mut case = case.clone();
    case.schedule.strategy = IN_ORDER.of(&[]);
    case.schedule.segments = run.segments();
    case
}

fn note_calls(w: &World, calls: &mut Calls) {
    for (thread, number) in w.threads().iter().zip(0..) {
        for (point, seen) in w.injection.calls_of(Tid(number)) {
            let most = calls.entry((point.name(), thread.name.clone())).or_insert(0);
            *most = (*seen).max(*most);
        }
    }
}
