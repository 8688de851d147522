//! Proofs: every schedule of a small case, up to equivalence, and every place where a fault may strike.
//!
//! [`prove`] runs a case again and again, each time under a schedule that no earlier one is equivalent to,
//! until one fails or none is left. What is equivalent to what follows from the conflict relation in
//! [`crate::schedule`], from which threads wake which, and from nothing else; the implementation that runs
//! is the one that campaigns attack.
//!
//! *Clean* is a statement about all schedules that a runner can be made to follow, in whatever order threads
//! begin: none of them fails. With a bound on preemptions it is the same about those that have at most so many,
//! counted by [`crate::schedule::preemption`] as in every run, and says nothing about others. A certificate
//! ([`crate::minimize::Certificate`]) is such a statement about one signature. That it is so rests on oracles that
//! judge equivalent runs alike.
//!
//! It is no proof about kernels: it is one about this model of them, this case, and sequentially consistent
//! memory.

pub mod behaviour;
mod chance;
mod explore;
mod faults;
mod node;
mod search;
pub mod trace;
mod tree;

use crate::case::{Case, Signature, limit};
use crate::counted::counted;
use crate::oracle::Failure;
use crate::run::news::News;
use explore::Bounds;
use explore::THREADS;
use mmreap::revision::Revision;
use search::{Part, Shared, search};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::thread::Builder;

/// What keeps the number of runs small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Source sets and sleep sets.
    #[default]
    Source,
    /// Sleep sets only: every trace, and many runs that turn out to be redundant.
    Sleep,
    /// Every schedule. For cross-checks of very small cases.
    None,
}

/// How far a proof goes, and what it may cost.
#[derive(Clone, Debug)]
pub struct Options {
    /// What keeps the number of runs small.
    pub reduction: Reduction,
    /// At most so many preemptions: a thread that could go on, and another one that runs instead.
    pub preemptions: Option<u32>,
    /// At most so many faults, at any fault point, besides those of the case.
    pub faults: usize,
    /// Runs after which it stops.
    pub budget: u64,
    /// Threads of the machine that it runs on.
    pub jobs: usize,
    /// Make some of the runs by chance, which find most failures sooner.
    pub chance: bool,
    /// Go on after failures, and collect traces and behaviours.
    pub collect: bool,
    /// Look for this failure only; others are kept in passing.
    pub wanted: Option<Signature>,
}

impl Default for Options {
    fn default() -> Self {
        let (reduction, preemptions) = (Reduction::Source, None);
        let (faults, budget, jobs) = (0, 1_000_000, 1);
        let (chance, collect, wanted) = (false, false, None);
        Options { reduction, preemptions, faults, budget, jobs, chance, collect, wanted }
    }
}

impl Options {
    fn wants(&self, signature: &Signature) -> bool {
        !self.collect && self.wanted.as_ref().is_none_or(|wanted| wanted == signature)
    }
}

/// What a proof came to.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The verdict.
    pub verdict: Verdict,
    /// Runs that no other run was equivalent to. With a bound on preemptions some may be.
    pub traces: u64,
    /// All runs.
    pub runs: u64,
    /// Scheduling decisions of the longest run.
    pub longest: u32,
    /// Ways to let faults strike, the one without any included.
    pub placements: u64,
    /// The traces, as [`trace::Trace::class`] numbers them, if they were asked for.
    pub classes: BTreeSet<u64>,
    /// What threads lived through, as [`behaviour::behaviour`] numbers it, if it was asked for.
    pub behaviours: BTreeSet<u64>,
    /// What happened besides, in any of the traces.
    pub news: News,
    /// The first run of each failure that was not wanted.
    pub others: Others,
}

/// Failing runs: for each signature the case, with the schedule that leads there, and the failure.
pub type Others = BTreeMap<Signature, (Case, Failure)>;

/// The verdict of a proof.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// No schedule fails, within the bounds.
    Clean,
    /// A schedule fails: the case, with the schedule and the faults that lead there.
    Found(Box<Case>, Box<Failure>),
    /// The budget of runs was used up.
    Stopped,
}

/// What is told of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// How many there were so far.
    pub runs: u64,
    /// Scheduling decisions of this one.
    pub steps: u32,
}

/// Tries all schedules of a case on a revision. What the case's own schedule says is not looked at.
///
/// `progress` hears of each run, and says whether to go on.
///
/// # Errors
///
/// If the case has more threads than can be told apart (64), or no room for so many more faults.
pub fn prove(
    case: &Case,
    revision: &'static Revision,
    options: &Options,
    progress: &(dyn Fn(Progress) -> bool + Sync),
) -> Result<Proof, Unprovable> {
    let (own, placed) = (case.faults.len(), options.faults);
    if placed > 0 && own.saturating_add(placed) > limit::FAULTS {
        return Err(Unprovable::Faults { own, placed });
    }
    let mut proof = Proof::nothing();
    let mut placements = faults::Placements::new(options.faults);
    while let Some(placement) = placements.next() {
        let case = placement.apply(case);
        let part = exhaust(&case, revision, options, &proof, progress)?;
        proof.placements += 1;
        placements.grow(&placement, &part.calls);
        proof.add(part);
        if !matches!(proof.verdict, Verdict::Clean) {
            break;
        }
    }
    Ok(proof)
}

/// Why a case cannot be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprovable {
    /// It has so many threads, more than can be told apart.
    Threads(usize),
    /// With so many faults besides its own it would have more than a case can have.
    Faults {
        /// Its own.
        own: usize,
        /// Those to be placed.
        placed: usize,
    },
}

impl fmt::Display for Unprovable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unprovable::Threads(threads) => {
                write!(f, "the case has {threads} threads; a proof can tell {THREADS} apart")
            }
            Unprovable::Faults { own, placed } => {
                let (most, left) = (limit::FAULTS, limit::FAULTS.saturating_sub(*own));
                let own = counted(*own, "`fault` line", "`fault` lines");
                write!(
                    f,
                    "{placed} faults besides its {own} are more than the {most} of a case: "
                )?;
                write!(f, "place at most {left}")
            }
        }
    }
}

/// Depth above which the tree is tried completely when several threads share it: enough for some dozens of
/// parts, few enough that walking through the trunk again costs each of them little.
const CROWN: usize = 10;

/// The same if decisions are about blocks, of which the first daemons have the first few.
const CROWN_OF_BLOCKS: usize = 4;

/// All schedules of one case, on as many threads as asked for.
fn exhaust(
    case: &Case,
    revision: &'static Revision,
    options: &Options,
    before: &Proof,
    progress: &(dyn Fn(Progress) -> bool + Sync),
) -> Result<Part, Unprovable> {
    let trunk = match (options.jobs, options.preemptions) {
        (..=1, _) => 0,
        (_, None) => CROWN,
        (_, Some(_)) => CROWN_OF_BLOCKS,
    };
    let bounds = Bounds { preemptions: options.preemptions, trunk };
    let shared = Shared::new(options.budget.saturating_sub(before.runs), before.runs, progress);
    let work = || search(case, revision, options, bounds, &shared);
    let parts: Vec<_> = std::thread::scope(|scope| {
        // A machine that has no more threads to give proves with those that it gave.
        let spawn = || Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..options.jobs).map_while(|_| spawn()).collect();
        let own = work();
        let others = others.into_iter().map(|other| other.join().expect("a search does not panic"));
        std::iter::once(own).chain(others).collect()
    });
    let mut all = Part::default();
    for part in parts {
        all.add(part?);
    }
    Ok(all)
}

impl Proof {
    fn nothing() -> Self {
        Proof {
            verdict: Verdict::Clean,
            traces: 0,
            runs: 0,
            longest: 0,
            placements: 0,
            classes: BTreeSet::new(),
            behaviours: BTreeSet::new(),
            news: News::default(),
            others: Others::new(),
        }
    }

    fn add(&mut self, part: Part) {
        self.traces += part.traces;
        self.runs += part.runs;
        self.longest = self.longest.max(part.longest);
        self.classes.extend(part.classes);
        self.behaviours.extend(part.behaviours);
        self.news.add(part.news);
        keep_first(&mut self.others, part.others);
        if let Some((case, failure)) = part.found {
            self.verdict = Verdict::Found(Box::new(case), Box::new(failure));
        } else if part.stopped {
            self.verdict = Verdict::Stopped;
        }
    }
}

/// Adds failures that were not seen before.
fn keep_first(all: &mut Others, more: Others) {
    for (signature, run) in more {
        all.entry(signature).or_insert(run);
    }
}
