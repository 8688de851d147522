//! Proof against sampling: what is proven clean is run thousands of times, and must not fail.
//!
//! The two share the model and the oracles and nothing else, so a failure means that one of them is wrong: the
//! search leaves something out, or an oracle judges equivalent runs unlike. Subjects are the standard scenarios
//! and generated cases, each on a release, as far as a proof of them comes to an end. They are run under each
//! strategy of the portfolio, and under `run until` schedules that are made by mutation, which go where chance
//! does not. A bounded proof speaks of schedules within its bound, so nothing else contradicts it; in the place of
//! strategies, which do not keep within bounds, there is chance that does.

use super::scenarios::scenarios;
use super::{ENTROPY, Found};
use crate::case::mutate::{Sites, reschedule};
use crate::case::{Case, Strategy, generate};
use crate::coverage::add_sites;
use crate::deadline::Deadline;
use crate::minimize::measure;
use crate::prove::{Options, Verdict, prove};
use crate::run::plan::Plan;
use crate::run::{Run, Runner};
use crate::schedule::derive_seed;
use crate::schedule::few::Few;
use crate::schedule::in_order::IN_ORDER;
use crate::schedule::portfolio::written;
use arbitrary::Unstructured;
use mmreap::release::RELEASES;
use mmreap::revision::Revision;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::fmt;
use std::rc::Rc;

/// Runs that a proof may take, for each bound that is tried.
const PROOF: u64 = 2_000;

/// Bounds on preemptions in the order in which they are tried: the first proof that comes to an end counts.
const BOUNDS: [Option<u32>; 3] = [None, Some(1), Some(0)];

/// Runs under each strategy.
const SAMPLED: u64 = 1_000;

/// Runs under schedules made by mutation.
const MUTATED: u64 = 3_000;

/// Changes to segments after which a schedule is begun anew.
const CHANGES: u64 = 8;

/// Bytes of chance behind each change.
const CHANGE: usize = 64;

/// That a case is clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The preemptions up to which that is so; `None` if there is no bound.
    pub preemptions: Option<u32>,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proven clean")?;
        self.preemptions.map_or(Ok(()), |bound| write!(f, " (preemptions <= {bound})"))
    }
}

/// A case on a release, and where the chance of its runs comes from.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The case. Its schedule is not looked at.
    pub case: Case,
    /// The release.
    pub revision: &'static Revision,
    /// A seed.
    pub seed: u64,
}

/// A run that fails although that was proven impossible.
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// The release.
    pub kernel: &'static str,
    /// What was proven.
    pub claim: Claim,
    /// The case with the schedule that fails.
    pub found: Found,
}

impl Contradiction {
    /// What is wrong, in a line.
    pub fn complaint(&self) -> String {
        let (claim, failure) = (self.claim, &self.found.failure);
        format!("{}: {claim}, yet {} ({})", self.kernel, failure.signature, failure.headline())
    }
}

/// What comparing came to.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Claims that were put to the test.
    pub claims: u64,
    /// Runs that did.
    pub runs: u64,
    /// Those that failed, the first of each claim.
    pub contradictions: Vec<Contradiction>,
}

/// Endless subjects: each scenario on each release in turn, and a generated case after each.
pub fn subjects(seed: u64) -> impl Iterator<Item = Subject> {
    let scenarios: Vec<Case> = scenarios().collect();
    let pairs = scenarios.len() * RELEASES.len();
    let start = derive_seed(seed, 0) as usize % pairs;
    (0..).map(move |number: usize| {
        let place = start + number / 2;
        let revision = RELEASES[place % RELEASES.len()];
        let seed = derive_seed(seed, number as u64 + 1);
        let case = match number % 2 {
            0 => scenarios[place / RELEASES.len() % scenarios.len()].clone(),
            _ => generated(seed, revision),
        };
        Subject { case, revision, seed }
    })
}

fn generated(seed: u64, revision: &Revision) -> Case {
    let mut bytes = [0; ENTROPY];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    generate::case(&mut Unstructured::new(&bytes), revision.name)
}

/// Proves a case, within a bound if it has to be. `None` if it is not clean, or too large, or if time is up.
pub fn claim(subject: &Subject, deadline: Deadline<'_>) -> Option<Claim> {
    let goes_on = |_| !deadline.is_over();
    for preemptions in BOUNDS {
        let options = Options { preemptions, budget: PROOF, ..Options::default() };
        let proof = prove(&subject.case, subject.revision, &options, &goes_on).ok()?;
        match proof.verdict {
            Verdict::Clean => return Some(Claim { preemptions }),
            Verdict::Found(..) => return None,
            Verdict::Stopped => {}
        }
    }
    None
}

/// Puts claims about subjects to the test, until so many were or the time is up.
pub fn compare(
    subjects: impl Iterator<Item = Subject>,
    claim: impl Fn(&Subject, Deadline<'_>) -> Option<Claim>,
    most: u64,
    deadline: Deadline<'_>,
) -> Comparison {
    let (mut runner, mut all) = (Runner::new(), Comparison::default());
    for subject in subjects.take_while(|_| !deadline.is_over()) {
        if all.claims >= most {
            break;
        }
        let Some(claim) = claim(&subject, deadline) else { continue };
        let mut trial = Trial { runner: &mut runner, subject, claim, runs: 0, deadline };
        all.contradictions.extend(trial.contradiction());
        all.runs += trial.runs;
        all.claims += u64::from(trial.runs > 0);
    }
    all
}

/// A claim that is being put to the test.
struct Trial<'a> {
    runner: &'a mut Runner,
    subject: Subject,
    claim: Claim,
    runs: u64,
    deadline: Deadline<'a>,
}

impl Trial<'_> {
    fn contradiction(&mut self) -> Option<Contradiction> {
        self.subject.case.schedule.segments.clear();
        let mut sites = Sites::default();
        let sampled = match self.claim.preemptions {
            None => self.sample(&mut sites),
            Some(bound) => self.sample_within(bound, &mut sites),
        };
        let found = sampled.or_else(|| self.mutate(&sites))?;
        Some(Contradiction { kernel: self.subject.revision.name, claim: self.claim, found })
    }

    /// Runs under each strategy; learns where tasks come by.
    fn sample(&mut self, sites: &mut Sites) -> Option<Found> {
        let (case, deadline) = (self.subject.case.clone(), self.deadline);
        let plan = Rc::new(Plan::new(&case));
        let written = written().into_iter();
        let all = written.flat_map(|(strategy, _)| (0..SAMPLED).map(move |n| (strategy, n)));
        let mut all = all.take_while(|_| !deadline.is_over());
        all.find_map(|(strategy, number)| {
            let strategy = strategy.with_seed(derive_seed(self.subject.seed, number));
            let run = self.run(&plan, strategy);
            add_sites(run.world(), sites);
            self.contradicting(&case, strategy, run)
        })
    }

    /// As many runs with few preemptions; learns where tasks come by, and how long runs are.
    fn sample_within(&mut self, bound: u32, sites: &mut Sites) -> Option<Found> {
        let (deadline, revision) = (self.deadline, self.subject.revision);
        let plan = Rc::new(Plan::new(&self.subject.case));
        let mut longest = 0;
        let most = SAMPLED * written().len() as u64;
        (0..most).take_while(|_| !deadline.is_over()).find_map(|number| {
            self.runs += 1;
            let few = Few::new(derive_seed(self.subject.seed, number), bound, longest as usize);
            let run = self.runner.record_under(&plan, revision, Box::new(few));
            longest = run.steps.max(longest);
            add_sites(run.world(), sites);
            run.failure.clone().map(|failure| {
                let mut case = self.subject.case.clone();
                case.kernel = revision.name.into();
                case.schedule.strategy = IN_ORDER.of(&[]);
                case.schedule.segments = run.segments();
                Found { case, failure }
            })
        })
    }

    /// Runs in order, but for segments that change from run to run.
    fn mutate(&mut self, sites: &Sites) -> Option<Found> {
        let (mut case, deadline) = (self.subject.case.clone(), self.deadline);
        let mut numbers = (0..MUTATED).take_while(|_| !deadline.is_over());
        numbers.find_map(|number| {
            if number % CHANGES == 0 {
                case.schedule.segments.clear();
            }
            let mut bytes = [0; CHANGE];
            let seed = derive_seed(self.subject.seed, SAMPLED + number);
            ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
            reschedule(&mut case, &mut Unstructured::new(&bytes), sites);
            let run = self.run(&Rc::new(Plan::new(&case)), IN_ORDER.of(&[]));
            self.contradicting(&case, IN_ORDER.of(&[]), run)
        })
    }

    fn run(&mut self, plan: &Rc<Plan>, strategy: Strategy) -> Run {
        self.runs += 1;
        self.runner.run(plan, self.subject.revision, strategy)
    }

    /// The failure of a run of the case, if it contradicts the claim.
    fn contradicting(&mut self, case: &Case, strategy: Strategy, run: Run) -> Option<Found> {
        let (failure, revision) = (run.failure?, self.subject.revision);
        let mut case = Case { kernel: revision.name.into(), ..case.clone() };
        case.schedule.strategy = strategy;
        let preemptions = measure(self.runner, &case, revision).preemptions;
        let within = self.claim.preemptions.is_none_or(|bound| preemptions <= bound as usize);
        within.then_some(Found { case, failure })
    }
}
