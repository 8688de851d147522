//! Arms: the ways to choose schedules that are compared.
//!
//! An arm begins anew for each hunt, and hands out a scheduler for each run of it; what it learns from run
//! to run it keeps in between. Adding one is one line of [`ARMS`].

use mmreap::revision::Revision;
use mmreap::sync::engine::Choose;
use mmreap_harness::campaign::Campaign;
use mmreap_harness::case::Strategy;
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::pct::PCT;
use mmreap_harness::schedule::portfolio::Portfolio;
use mmreap_harness::schedule::pos::{BURST, POS};
use mmreap_harness::schedule::random::RANDOM;
use mmreap_harness::schedule::sticky::STICKY;
use mmreap_harness::schedule::stock::StockPct;
use mmreap_harness::schedule::surw::SURW;
use std::fmt;

/// Who decides in a run.
pub enum Next {
    /// A strategy that cases can name.
    Strategy(Strategy),
    /// Another scheduler.
    Scheduler(Box<dyn Choose>),
}

/// Who decides in the n-th run of a hunt, counted from 0.
pub type Schedules = Box<dyn FnMut(u64) -> Next>;

/// Who decides in the runs of an arm that is patient with its cases.
pub enum Dealer {
    /// A portfolio, which hears of what its runs show.
    Portfolio(Portfolio),
    /// One strategy.
    Strategy(Strategy),
}

/// How an arm hunts.
#[derive(Clone, Copy)]
pub enum How {
    /// By schedules for cases that all such arms share, from a seed and the number of schedules of each case.
    /// All chance comes from the seed.
    Schedules(fn(u64, u64) -> Schedules),
    /// By schedules for the same cases, each of which is left for the next when its schedules show no more than
    /// those of others. From a seed.
    Patience(fn(u64) -> Dealer),
    /// By a campaign, which makes cases of its own.
    Campaign(fn(&'static Revision, u64) -> Campaign),
}

/// A way to choose schedules.
pub struct Arm {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// How it hunts.
    pub how: How,
}

/// What the others are compared with.
pub const BASELINES: [&str; 2] = ["stock-random", "stock-pct3"];

/// All arms, baselines first.
pub static ARMS: &[Arm] = &[
    Arm {
        name: BASELINES[0],
        about: "every choice uniform, as shuttle's random scheduler",
        how: How::Schedules(|seed, _| each(seed, RANDOM.of(&[0]))),
    },
    Arm {
        name: BASELINES[1],
        about: "random priorities and two changes of them: shuttle's PCT of depth 3",
        how: How::Schedules(|seed, _| {
            let mut stock = StockPct::new(3, seed);
            Box::new(move |_| Next::Scheduler(stock.next_run()))
        }),
    },
    Arm {
        name: "pct3",
        about: "the same with a length that is estimated for each case",
        how: How::Schedules(|seed, _| each(seed, PCT.of(&[0, 3]))),
    },
    Arm {
        name: "sticky",
        about: "a random walk that mostly stays with the running task",
        how: How::Schedules(|seed, _| each(seed, STICKY.of(&[0]))),
    },
    Arm {
        name: "pos",
        about: "partial order sampling",
        how: How::Schedules(|seed, _| each(seed, POS.of(&[0]))),
    },
    Arm {
        name: "burst",
        about: "the same, but tasks mostly keep their priority",
        how: How::Schedules(|seed, _| each(seed, BURST.of(&[0]))),
    },
    Arm {
        name: "surw",
        about: "selectively uniform random walk",
        how: How::Schedules(|seed, _| each(seed, SURW.of(&[0]))),
    },
    Arm {
        name: "portfolio",
        about: "all of these by written shares",
        how: How::Schedules(|seed, schedules| {
            let mut portfolio = Portfolio::new(seed);
            Box::new(move |run| {
                let case_seed = derive_seed(seed, run / schedules);
                Next::Strategy(portfolio.next(case_seed, run % schedules))
            })
        }),
    },
    Arm {
        name: "patient",
        about: "the portfolio, for each case as long as it shows more than others",
        how: How::Patience(|seed| Dealer::Portfolio(Portfolio::new(seed))),
    },
    Arm {
        name: "patient-random",
        about: "the same with stock-random's choices, to see what patience alone does",
        how: How::Patience(|_| Dealer::Strategy(RANDOM.of(&[0]))),
    },
    Arm {
        name: "blind",
        about: "a campaign with the portfolio that does not look at coverage",
        how: How::Campaign(Campaign::blind),
    },
    Arm {
        name: "guided",
        about: "a campaign with the portfolio and coverage, as mmreap fuzz runs it",
        how: How::Campaign(Campaign::new),
    },
];

/// A strategy that starts afresh in each run, from a seed of its own.
fn each(seed: u64, strategy: Strategy) -> Schedules {
    Box::new(move |run| Next::Strategy(strategy.with_seed(derive_seed(seed, run))))
}

impl Dealer {
    /// The strategy of a case's n-th run, from 0.
    pub fn next(&mut self, case_seed: u64, run: u64) -> Strategy {
        match self {
            Dealer::Portfolio(portfolio) => portfolio.next(case_seed, run),
            Dealer::Strategy(strategy) => strategy.with_seed(derive_seed(case_seed, run)),
        }
    }

    /// Hears how many new interleavings a run of the strategy showed.
    pub fn reward(&mut self, strategy: Strategy, new: u32) {
        if let Dealer::Portfolio(portfolio) = self {
            portfolio.reward(strategy, new);
        }
    }
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arm").field("name", &self.name).finish_non_exhaustive()
    }
}
