//! How fast is a run of the seed's scenario, against the same body on shuttle's own primitives, and against
//! a state machine written by hand?
//!
//! The scenario is that of the commit the project starts from: a victim with two pages and one AIO request
//! in flight, a kernel thread that kills it, the OOM reaper, the kernel worker, and a reader of /proc that
//! takes a reference on the address space and drops it.
//!
//! * `mmreap` is `Runner::run` as a campaign uses it: checked memory, the event log, partial order
//!   sampling, all oracles and interleaving coverage on every run.
//! * `shuttle primitives` is what somebody would write who uses shuttle as it is documented (see
//!   [`primitives`]): no log, no checks, no oracles, a random scheduler, and one long `shuttle::Runner`,
//!   so that stacks are kept.
//! * `state machine` is the floor: the same operations as a table, without stacks (see [`floor`]).
//!
//! It is fair because all sides give the scheduler a choice at the same operations, in the same threads,
//! in the same order; the numbers of scheduling decisions per run are printed and must be within 15 %, and
//! the ratio per decision is printed, too.
//! The sides take turns, and the fastest turn of each counts, so a noisy machine hurts all alike.
//! The ratio is runs per second of mmreap over those of shuttle's primitives: higher is better.
//!
//! `cargo bench -p mmreap-harness`; with `-- --quick` it only shows that it works.

#[path = "seed_scenario/floor.rs"]
mod floor;
#[path = "seed_scenario/objects.rs"]
mod objects;
#[path = "seed_scenario/primitives.rs"]
mod primitives;
#[path = "seed_scenario/subject.rs"]
mod subject;

use std::process::ExitCode;
use std::time::{Duration, Instant};
use subject::Subject;

/// Runs between two looks at the clock: so few that some fall between two disturbances, so many that
/// shuttle's stacks are kept for long. The state machine makes more of them, to take about as long.
const SOME: u32 = 1000;

/// One side of the comparison, over all turns.
struct Side {
    name: &'static str,
    /// Runs of one turn.
    turn: u32,
    best: Duration,
    runs: u64,
    decisions: u64,
}

impl Side {
    fn new(name: &'static str, turn: u32) -> Self {
        Side { name, turn, best: Duration::MAX, runs: 0, decisions: 0 }
    }

    /// Takes the time of one turn; `runs` makes so many runs and returns the decisions they took.
    fn measure(&mut self, runs: impl FnOnce(u32) -> u64) {
        let start = Instant::now();
        self.decisions += runs(self.turn);
        self.best = self.best.min(start.elapsed() / self.turn);
        self.runs += u64::from(self.turn);
    }

    fn runs_per_second(&self) -> f64 {
        1.0 / self.best.as_secs_f64()
    }

    fn decisions_per_run(&self) -> f64 {
        self.decisions as f64 / self.runs as f64
    }

    /// Whether both make about as many scheduling decisions. A completion is one step in the kernel and here;
    /// with a mutex and a condition variable it takes three.
    fn is_comparable_to(&self, other: &Side) -> bool {
        (0.85..=1.15).contains(&(self.decisions_per_run() / other.decisions_per_run()))
    }

    fn print(&self) {
        let (speed, decisions) = (self.runs_per_second(), self.decisions_per_run());
        println!("{:20} {speed:9.0} runs/s  {decisions:6.1} scheduling decisions/run", self.name);
    }
}

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let length = if quick { Duration::ZERO } else { Duration::from_secs(8) };
    let (mut subject, mut seed) = (Subject::new(), 1);
    let mut ours = Side::new("mmreap", SOME);
    let mut others = [Side::new("shuttle primitives", SOME), Side::new("state machine", 8 * SOME)];
    let start = Instant::now();
    while ours.runs == 0 || start.elapsed() < length {
        ours.measure(|times| subject.run(times));
        others[0].measure(primitives::run);
        others[1].measure(|times| floor::run(times, &mut seed));
    }
    ours.print();
    others.iter().for_each(Side::print);
    let [theirs, floor] = &others;
    let ratio = ours.runs_per_second() / theirs.runs_per_second();
    let decisions = ours.decisions_per_run() / theirs.decisions_per_run();
    println!("ratio {ratio:.2}, per scheduling decision {:.2}", ratio * decisions);
    println!(
        "the state machine is {:.1} times as fast",
        floor.runs_per_second() / ours.runs_per_second()
    );
    if others.iter().all(|other| ours.is_comparable_to(other)) {
        return ExitCode::SUCCESS;
    }
    println!("not comparable: scheduling decisions per run differ by more than 15 %");
    ExitCode::FAILURE
}
