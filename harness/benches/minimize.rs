//! How small, how fast, how sure: random failing starts of each known bug, minimised.
//!
//! A start is what a campaign finds from nothing. What is printed of the small cases: how many still fail with
//! the same signature, how many stay as they are when they are minimised again, how many are certified to
//! need their preemptions, and the median size beside that of the bug's standard scenario, which a person
//! wrote (that says nothing of schedules). Times are seconds of one minimisation.
//!
//! `cargo bench -p mmreap-harness --bench minimize [-- STARTS [BUG …]]`

use mmreap::revision::Revision;
use mmreap_harness::campaign::suite::{Bug, SUITE};
use mmreap_harness::campaign::{Campaign, Found};
use mmreap_harness::corpus;
use mmreap_harness::kernel;
use mmreap_harness::minimize::{Budget, Certificate, Measure, Small, minimize};
use mmreap_harness::run::Runner;
use std::path::Path;
use std::time::Instant;

/// Starts of each bug, unless the command line says how many.
const STARTS: u64 = 100;

/// Runs after which a start is given up.
const CAP: u64 = 2_000_000;

/// What became of the starts of one bug.
#[derive(Default)]
struct Row {
    starts: usize,
    same: usize,
    again: usize,
    certified: usize,
    sizes: Vec<Measure>,
    seconds: Vec<f64>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let starts = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(STARTS);
    let wanted = |bug: &&Bug| arguments.len() < 2 || arguments[1..].iter().any(|id| id == bug.id);
    println!("                 of the starts          median size            by hand    seconds");
    println!(
        "                 all same again cert.   proc flt op pre line   proc flt op    median   p95"
    );
    for bug in SUITE.iter().filter(wanted) {
        let mut row = Row::default();
        (0..starts).filter_map(|seed| start(bug, seed)).for_each(|found| row.add(bug, &found));
        row.print(bug);
    }
}

fn kernel(bug: &Bug) -> &'static Revision {
    kernel::find(bug.kernel).expect("bugs are of kernels that exist")
}

fn start(bug: &Bug, seed: u64) -> Option<Found> {
    let mut campaign = Campaign::new(kernel(bug), seed);
    while campaign.totals.runs < CAP {
        if let Some(found) = campaign.step().filter(|found| bug.is(&found.failure.signature)) {
            return Some(found);
        }
    }
    None
}

fn by_hand(bug: &Bug) -> Measure {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let file = directory.join(format!("{}.mmreap", bug.scenario));
    Measure::of(&corpus::load(&file).expect("the scenario can be read"), 0)
}

impl Row {
    fn add(&mut self, bug: &Bug, found: &Found) {
        let (mut runner, signature) = (Runner::new(), &found.failure.signature);
        self.starts += 1;
        let before = Instant::now();
        let small = minimize(
            &mut runner,
            &found.case,
            kernel(bug),
            signature,
            &Budget::default(),
            &mut |_| (),
        );
        self.seconds.push(before.elapsed().as_secs_f64());
        let Some(Small { case, measure, certificate, .. }) = small else { return };
        let failure = runner.run_case(&case, kernel(bug)).failure;
        self.same += usize::from(failure.is_some_and(|it| it.signature == *signature));
        let twice =
            minimize(&mut runner, &case, kernel(bug), signature, &Budget::default(), &mut |_| ());
        self.again += usize::from(twice.is_some_and(|twice| twice.case == case));
        self.certified += usize::from(!matches!(certificate, Certificate::Some { .. }));
        self.sizes.push(measure);
    }

    fn print(&mut self, bug: &Bug) {
        self.sizes.sort();
        self.seconds.sort_by(f64::total_cmp);
        let (Some(&m), hand) = (self.sizes.get(self.sizes.len() / 2), by_hand(bug)) else {
            return println!("{:5} {:10} nothing was found", bug.id, bug.kernel);
        };
        let worst = self.seconds[(self.seconds.len() * 95).div_ceil(100) - 1];
        let Row { starts, same, again, certified, seconds, .. } = self;
        println!(
            "{:5} {:10} {starts:4} {same:4} {again:5} {certified:5} {:6} {:3} {:2} {:3} {:4} {:6} {:3} {:2} {} {:7.2} {worst:5.2}",
            bug.id,
            bug.kernel,
            m.processes,
            m.faults,
            m.operations,
            m.preemptions,
            m.lines,
            hand.processes,
            hand.faults,
            hand.operations,
            if m.shape() <= hand.shape() { " " } else { ">" },
            seconds[seconds.len() / 2],
        );
    }
}
