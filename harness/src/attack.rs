//! The door for a patch: attacks a kernel of somebody's own from a program or a test.
//!
//! A [`Harness`] is told what is to be attacked; an attack is a [`Campaign`] in this thread. What it came to is a
//! [`Report`], of which a test can demand that nothing was found, or nothing that the unpatched kernel does not show,
//! too; what there is all the same it minimises and explains. Arguments, directories and several processes are
//! the command line's business.

use crate::campaign::{Campaign, Found, Limit, Totals, finish};
use crate::case::Case;
use crate::counted::counted;
use crate::daemon;
use crate::deadline::Deadline;
use crate::explain;
use crate::fault_point;
use crate::kernel;
use crate::minimize;
use crate::operation::{self, Kind};
use crate::oracle::{self, Oracle};
use crate::run::Runner;
use crate::run::accident::guarded;
use crate::schedule;
use mmreap::inject::FaultPoint;
use mmreap::release::NEWEST;
use mmreap::revision::Revision;
use mmreap::sync::daemon::Daemon;
use std::collections::BTreeSet;
use std::time::Duration;

/// How much an attack may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// So many runs; the same kernel comes to the same.
    Runs(u64),
    /// So much time.
    Time(Duration),
}

impl Budget {
    /// So many runs, besides those that minimise.
    pub fn runs(runs: u64) -> Self {
        Budget::Runs(runs)
    }

    /// So much time, with minimising.
    pub fn time(time: Duration) -> Self {
        Budget::Time(time)
    }

    fn limit(self) -> Limit<'static> {
        match self {
            Budget::Runs(runs) => Limit { runs: Some(runs), ..Limit::default() },
            Budget::Time(time) => Limit { runs: None, deadline: Deadline::default().within(time) },
        }
    }
}

/// What is to be attacked.
///
/// ```
/// use mmreap::exit::exit_mmap;
/// use mmreap::prelude::*;
/// use mmreap_harness::{Budget, Harness};
///
/// /// Frees the tables while the reaper may still walk them.
/// fn careless(mm: Handle<Mm>) {
///     let _call = protocol(exit_mmap::EXIT_MMAP, mm.object());
///     let Some(unmapped) = exit_mmap::unmap(mm) else { return };
///     set_bit(mm, MmFlag::OomSkip);
///     exit_mmap::free(mm, unmapped);
/// }
///
/// static MINE: Revision = V4_15.patched("mine", "exit_mmap does not wait").exit_mmap(careless);
///
/// let report = Harness::new().kernel(&MINE).attack(Budget::runs(2_000));
/// let found = report.findings.iter().map(|found| found.failure.signature.to_string());
/// assert!(found.into_iter().any(|it| it.ends_with("__oom_reap_task_mm exit_mmap")));
/// ```
#[derive(Clone, Debug)]
pub struct Harness {
    kernel: &'static Revision,
    seed: u64,
}

impl Default for Harness {
    fn default() -> Self {
        Harness::new()
    }
}

impl Harness {
    /// One that attacks the newest release.
    pub fn new() -> Self {
        Harness { kernel: NEWEST, seed: 1 }
    }

    /// Attacks this kernel. Cases can name it from now on.
    ///
    /// # Panics
    ///
    /// If another kernel has its name, or if no case could name it.
    pub fn kernel(self, kernel: &'static Revision) -> Self {
        kernel::add(kernel).unwrap_or_else(|refused| panic!("{refused}"));
        Harness { kernel, ..self }
    }

    /// Has every run judged by this oracle, too, from now on and in the whole process.
    pub fn oracle(self, oracle: &'static dyn Oracle) -> Self {
        oracle::add(oracle);
        self
    }

    /// Lets cases have this operation, too, from now on and in the whole process.
    ///
    /// # Panics
    ///
    /// If another operation has its word, or if no case could have it.
    pub fn operation(self, kind: &'static Kind) -> Self {
        operation::add(kind).unwrap_or_else(|refused| panic!("{refused}"));
        self
    }

    /// Lets cases have this strategy, too, and gives it runs if it has shares, from now on and in the whole process.
    ///
    /// # Panics
    ///
    /// If another strategy has its word, or if no case could have it.
    pub fn strategy(self, kind: &'static schedule::Kind) -> Self {
        schedule::add(kind).unwrap_or_else(|refused| panic!("{refused}"));
        self
    }

    /// Puts this kernel thread into the machine of every case, from now on and in the whole process.
    ///
    /// # Panics
    ///
    /// If another task of the machine has its name, or if no case could name it.
    pub fn daemon(self, daemon: &'static Daemon) -> Self {
        daemon::add(daemon).unwrap_or_else(|refused| panic!("{refused}"));
        self
    }

    /// Lets cases have faults at this point, too, from now on and in the whole process.
    ///
    /// # Panics
    ///
    /// If there is another point with its name, or if no case could name it.
    pub fn fault_point(self, point: &'static FaultPoint) -> Self {
        fault_point::add(point).unwrap_or_else(|refused| panic!("{refused}"));
        self
    }

    /// Where all chance comes from; 1 if nobody says.
    pub fn seed(self, seed: u64) -> Self {
        Harness { seed, ..self }
    }

    /// The kernel that is attacked.
    pub fn target(&self) -> &'static Revision {
        self.kernel
    }

    /// Attacks the kernel with cases made of nothing.
    pub fn attack(&self, budget: Budget) -> Report {
        self.attack_near(Vec::new(), budget)
    }

    /// Attacks it with these cases under other schedules, and with what is near to them.
    pub fn attack_near(&self, cases: Vec<Case>, budget: Budget) -> Report {
        let mut campaign = Campaign::new(self.kernel, self.seed).on(cases);
        let limit = budget.limit();
        let mut findings = Vec::new();
        while !limit.is_reached(campaign.totals.runs) {
            findings.extend(campaign.run());
        }
        Report { harness: self.clone(), budget, totals: campaign.totals, findings }
    }
}

/// What an attack came to.
#[derive(Clone, Debug)]
pub struct Report {
    harness: Harness,
    budget: Budget,
    /// What was counted.
    pub totals: Totals,
    /// Each failure once, as it was found.
    pub findings: Vec<Found>,
}

impl Report {
    /// Demands that nothing was found.
    ///
    /// # Panics
    ///
    /// With each failure, its diagram and its case, if something was.
    pub fn assert_clean(&self) {
        self.demand_none(&self.findings.iter().collect::<Vec<_>>(), "");
    }

    /// Demands that nothing was found that the other kernel does not show, too.
    ///
    /// # Panics
    ///
    /// With each failure that is new, its diagram and its case, if something is.
    pub fn assert_nothing_new_since(&self, base: &'static Revision) {
        self.demand_none(&self.new_since(base), &format!(" that {} does not show", base.name));
    }

    /// The failures that the other kernel does not show: neither under the same attack, nor when it is attacked with
    /// the very cases that show them here.
    pub fn new_since(&self, base: &'static Revision) -> Vec<&Found> {
        let base = Harness { kernel: base, ..self.harness.clone() };
        let shown = |cases| {
            let report = base.attack_near(cases, self.budget);
            let all = report.findings.into_iter().map(|found| found.failure.signature);
            all.collect::<BTreeSet<_>>()
        };
        let anywhere = shown(Vec::new());
        let is_new = |found: &&Found| {
            let signature = &found.failure.signature;
            !anywhere.contains(signature) && !shown(vec![found.case.clone()]).contains(signature)
        };
        self.findings.iter().filter(is_new).collect()
    }

    fn demand_none(&self, findings: &[&Found], kind: &str) {
        let Harness { kernel, .. } = self.harness;
        let texts: String = findings.iter().map(|found| describe(found, kernel)).collect();
        let (count, runs) = (counted(findings.len(), "failure", "failures"), self.totals.runs);
        assert!(findings.is_empty(), "{} has {count}{kind}, in {runs} runs\n{texts}", kernel.name);
    }
}

/// A failure for a reader: made small, explained, and as a file.
fn describe(found: &Found, kernel: &'static Revision) -> String {
    let mut runner = Runner::new();
    let small = finish(&mut runner, found, kernel, &minimize::Budget::default(), &mut |_| ());
    let explain = || explain::of_case(&mut runner, &small.case, kernel);
    let explained = guarded(explain).ok().flatten();
    let why = explained.map_or_else(|| found.failure.headline() + "\n", |it| it.to_string());
    format!("\n{why}\nThe case, for `mmreap replay` and for the corpus:\n\n{}", small.case)
}
