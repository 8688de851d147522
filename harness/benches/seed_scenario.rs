//! How fast is a run of the seed's scenario, against the same body on shuttle's own primitives?
//!
//! The scenario is that of the commit the project starts from: a victim with two pages and one AIO request
//! in flight, a kernel thread that kills it, the OOM reaper, the kernel worker, and a reader of /proc that
//! takes a reference on the address space and drops it.
//!
//! * `mmreap` is [`Runner::run`] as a campaign uses it: checked memory, the event log, partial order
//!   sampling, all oracles and interleaving coverage on every run.
//! * `shuttle primitives` is what somebody would write who uses shuttle as it is documented (see
//!   [`primitives`]): no log, no checks, no oracles, a random scheduler, and one long `shuttle::Runner`,
//!   so that stacks are kept.
//!
//! It is fair because both sides give the scheduler a choice at the same operations, in the same threads,
//! in the same order; the numbers of scheduling decisions per run are printed and must be within 10 %.
//! The two sides take turns, and the fastest turn of each counts, so a noisy machine hurts both alike.
//! The ratio is runs per second of mmreap over those of shuttle's primitives: higher is better.
//!
//! `cargo bench -p mmreap-harness`; with `-- --quick` it only shows that it works.

#[path = "seed_scenario/objects.rs"]
mod objects;
#[path = "seed_scenario/primitives.rs"]
mod primitives;

use mmreap::revision::{self, Revision};
use mmreap_harness::case::Strategy;
use mmreap_harness::case::parse::parse;
use mmreap_harness::coverage::Coverage;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

const CASE: &str = "mmreap case 1
kernel v4.15
machine frames 16 min 1 high 2

process victim
  vma heap anon 2 pages
  aio ring
  thread main: io_submit ring after 0

process reader adj -1000
  thread main: get_task_mm victim; mmput

kthread killer
  thread main: sysrq_f

schedule pos seed 1
";

/// Runs between two looks at the clock: so few that some fall between two disturbances, so many that
/// shuttle's stacks are kept for long.
const SOME: u32 = 1000;

/// One side of the comparison, over all turns.
struct Side {
    name: &'static str,
    best: Duration,
    runs: u64,
    decisions: u64,
}

impl Side {
    fn new(name: &'static str) -> Self {
        Side { name, best: Duration::MAX, runs: 0, decisions: 0 }
    }

    /// Takes the time of [`SOME`] runs; `some` makes them and returns the decisions they took.
    fn measure(&mut self, some: impl FnOnce(u32) -> u64) {
        let start = Instant::now();
        self.decisions += some(SOME);
        self.best = self.best.min(start.elapsed() / SOME);
        self.runs += u64::from(SOME);
    }

    fn runs_per_second(&self) -> f64 {
        1.0 / self.best.as_secs_f64()
    }

    fn decisions_per_run(&self) -> f64 {
        self.decisions as f64 / self.runs as f64
    }

    fn print(&self) {
        let (speed, decisions) = (self.runs_per_second(), self.decisions_per_run());
        println!("{:20} {speed:9.0} runs/s  {decisions:6.1} scheduling decisions/run", self.name);
    }
}

/// The seed's scenario on mmreap.
struct Subject {
    runner: Runner,
    coverage: Coverage,
    plan: Rc<Plan>,
    revision: &'static Revision,
    seed: u64,
}

impl Subject {
    fn new() -> Self {
        let case = parse(CASE).expect("the case is well-formed");
        let revision = revision::find(&case.kernel).expect("the case names a release");
        let (runner, coverage) = (Runner::watching(), Coverage::default());
        Subject { runner, coverage, plan: Rc::new(Plan::new(&case)), revision, seed: 0 }
    }

    fn run(&mut self, times: u32) -> u64 {
        let mut decisions = 0;
        for _ in 0..times {
            self.seed += 1;
            let strategy = Strategy::Pos { seed: self.seed };
            let outcome = self.runner.run(&self.plan, self.revision, strategy);
            assert!(outcome.failure.is_none(), "v4.15 passes: {:?}", outcome.failure);
            self.coverage.observe(&self.runner);
            decisions += u64::from(outcome.steps);
        }
        decisions
    }
}

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let length = if quick { Duration::ZERO } else { Duration::from_secs(8) };
    let mut subject = Subject::new();
    let (mut ours, mut theirs) = (Side::new("mmreap"), Side::new("shuttle primitives"));
    let start = Instant::now();
    while ours.runs == 0 || start.elapsed() < length {
        ours.measure(|times| subject.run(times));
        theirs.measure(primitives::run);
    }
    ours.print();
    theirs.print();
    println!("ratio {:.2}", ours.runs_per_second() / theirs.runs_per_second());
    let points = ours.decisions_per_run() / theirs.decisions_per_run();
    if (0.9..=1.1).contains(&points) {
        return ExitCode::SUCCESS;
    }
    println!("not comparable: mmreap makes {points:.2} times as many scheduling decisions");
    ExitCode::FAILURE
}
