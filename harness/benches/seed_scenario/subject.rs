//! The seed's scenario on mmreap: [`Runner::run`] as a campaign uses it.

use mmreap::revision::Revision;
use mmreap_harness::case::parse::parse;
use mmreap_harness::coverage::Coverage;
use mmreap_harness::kernel;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::pos::POS;
use std::rc::Rc;

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

/// Runs the scenario with one seed after the other.
pub struct Subject {
    runner: Runner,
    coverage: Coverage,
    plan: Rc<Plan>,
    revision: &'static Revision,
    seed: u64,
}

impl Subject {
    pub fn new() -> Self {
        let case = parse(CASE).expect("the case is well-formed");
        let revision = kernel::find(&case.kernel).expect("the case names a release");
        let (runner, coverage) = (Runner::watching(), Coverage::default());
        Subject { runner, coverage, plan: Rc::new(Plan::new(&case)), revision, seed: 0 }
    }

    /// Runs it so often, and returns how many scheduling decisions were made.
    pub fn run(&mut self, times: u32) -> u64 {
        let mut decisions = 0;
        for _ in 0..times {
            self.seed += 1;
            let strategy = POS.of(&[self.seed]);
            let run = self.runner.run(&self.plan, self.revision, strategy);
            assert!(run.failure.is_none(), "v4.15 passes: {:?}", run.failure);
            self.coverage.observe(&run);
            decisions += u64::from(run.steps);
        }
        decisions
    }
}
