//! What does it cost to be clever? Runs per second of a processor of four ways to try cases, from the plainest to
//! what `mmreap fuzz` does.
//!
//! * `random` and `portfolio` try ten schedules of each case made of nothing: every choice uniform, as shuttle's own
//!   random scheduler, and all strategies by their shares.
//! * `blind` is a campaign that does not look at what its runs show, `guided` one that does.
//!
//! All have oracles on every run. A run of a campaign is longer, because the cases that it keeps are those in which much
//! happens; so scheduling decisions are counted, too. The sides take turns of some hundred runs, and what counts is the time in which the
//! thread had a processor, over all turns: campaigns are not equally fast at all times, so no turn is the best one. How
//! many runs a find takes is another question, see `mmreap bench --cpu`.
//!
//! `cargo bench -p mmreap-harness --bench campaign [-- --quick | RELEASE RUNS [NAME]]`; with a name, only that one.

use arbitrary::Unstructured;
use mmreap::revision::Revision;
use mmreap_harness::campaign::{Campaign, ENTROPY, RUNS_PER_CASE};
use mmreap_harness::case::{Strategy, generate};
use mmreap_harness::kernel;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::portfolio::Portfolio;
use mmreap_harness::schedule::random::RANDOM;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use rustix::time::{ClockId, clock_gettime};
use std::process::ExitCode;
use std::rc::Rc;

/// Runs of one turn.
const TURN: u64 = 500;

/// Runs of each side, unless the command line says how many.
const RUNS: u64 = 40_000;

/// The seed of everything.
const SEED: u64 = 1;

/// One side of the comparison, over all turns.
struct Side {
    name: &'static str,
    /// Makes a turn: its scheduling decisions.
    go_on: Box<dyn FnMut() -> u64>,
    decisions: u64,
    seconds: f64,
}

impl Side {
    fn new(name: &'static str, go_on: impl FnMut() -> u64 + 'static) -> Self {
        Side { name, go_on: Box::new(go_on), decisions: 0, seconds: 0.0 }
    }

    fn turn(&mut self) {
        let start = thread_seconds();
        self.decisions += (self.go_on)();
        self.seconds += thread_seconds() - start;
    }

    /// After so many runs, beside the first side.
    fn print(&self, runs: f64, first: &Side) {
        let (speed, length) = (runs / self.seconds, self.decisions as f64 / runs);
        let each = |side: &Side| side.seconds * 1e9 / side.decisions as f64;
        let (run, decision) = (self.seconds / first.seconds, each(self) / each(first));
        println!(
            "{:10}{speed:7.0} runs/CPU s  {length:6.1} decisions/run  {:5.0} ns/decision  beside {}: \
             a run takes {run:.2}, a decision {decision:.2}",
            self.name,
            each(self),
            first.name,
        );
    }
}

fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Some schedules of one case after the other.
fn schedules(
    revision: &'static Revision,
    mut strategy: impl FnMut(u64, u64) -> Strategy,
) -> impl FnMut() -> u64 {
    let (mut runner, mut number) = (Runner::new(), 0);
    move || {
        let mut decisions = 0;
        for _ in 0..TURN / RUNS_PER_CASE {
            number += 1;
            let mut bytes = [0; ENTROPY];
            ChaCha8Rng::seed_from_u64(derive_seed(SEED, number)).fill_bytes(&mut bytes);
            let case = generate::case(&mut Unstructured::new(&bytes), revision.name);
            let plan = Rc::new(Plan::new(&case));
            for run in 0..RUNS_PER_CASE {
                let run = runner.run(&plan, revision, strategy(number, run));
                decisions += u64::from(run.steps);
            }
        }
        decisions
    }
}

fn campaign(mut campaign: Campaign) -> impl FnMut() -> u64 {
    move || {
        let before = campaign.decisions;
        for _ in 0..TURN {
            campaign.run();
        }
        campaign.decisions - before
    }
}

fn sides(revision: &'static Revision) -> [Side; 4] {
    let random = |number, run| RANDOM.of(&[derive_seed(number, run)]);
    let mut portfolio = Portfolio::new(SEED);
    let dealt = move |number, run| portfolio.next(derive_seed(SEED, number), run);
    [
        Side::new("random", schedules(revision, random)),
        Side::new("portfolio", schedules(revision, dealt)),
        Side::new("blind", campaign(Campaign::blind(revision, SEED))),
        Side::new("guided", campaign(Campaign::new(revision, SEED))),
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let mut words = arguments.iter().filter(|argument| !argument.starts_with("--"));
    let release = words.next().map_or("v4.14", String::as_str);
    let Some(revision) = kernel::find(release) else {
        println!("{release} is no release");
        return ExitCode::FAILURE;
    };
    let runs = if quick { TURN } else { words.next().and_then(|w| w.parse().ok()).unwrap_or(RUNS) };
    let only = words.next();
    let mut sides: Vec<Side> = sides(revision).into();
    sides.retain(|side| only.is_none_or(|only| only == side.name));
    let turns = runs.div_ceil(TURN);
    for _ in 0..turns {
        sides.iter_mut().for_each(Side::turn);
    }
    let runs = (turns * TURN) as f64;
    for side in &sides {
        side.print(runs, &sides[0]);
    }
    ExitCode::SUCCESS
}
