//! Arms: the ways to choose schedules that are compared.
//!
//! An arm begins anew for each hunt, and hands out a scheduler for each run of it; what it learns from run
//! to run it keeps in between. Adding one is one line of [`ARMS`].

use crate::campaign;
use crate::case::Strategy;
use crate::schedule::{derive_seed, strategy};
use mmreap::sync::engine::Choose;
use std::fmt;

/// The scheduler of the n-th run of a hunt, counted from 0.
pub type Schedules = Box<dyn FnMut(u64) -> Box<dyn Choose>>;

/// A way to choose schedules.
pub struct Arm {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Begins a hunt, all of whose chance comes from the seed.
    pub begin: fn(u64) -> Schedules,
}

/// What the others are compared with.
pub const BASELINES: [&str; 2] = ["stock-random", "stock-pct3"];

/// All arms, baselines first.
pub static ARMS: &[Arm] = &[
    Arm {
        name: BASELINES[0],
        about: "every choice uniform, as shuttle's random scheduler",
        begin: |seed| each(seed, |seed| Strategy::Random { seed }),
    },
    Arm {
        name: BASELINES[1],
        about: "random priorities and two changes of them, as shuttle's PCT of depth 3",
        begin: |seed| each(seed, |seed| Strategy::Pct { seed, depth: 3 }),
    },
    Arm {
        name: "pos",
        about: "partial order sampling",
        begin: |seed| each(seed, |seed| Strategy::Pos { seed }),
    },
    Arm {
        name: "campaign",
        about: "the mixture that mmreap fuzz uses",
        begin: |seed| Box::new(move |run| strategy(campaign::strategy(seed, run))),
    },
];

/// A strategy that starts afresh in each run, from a seed of its own.
fn each(seed: u64, begin: fn(u64) -> Strategy) -> Schedules {
    Box::new(move |run| strategy(begin(derive_seed(seed, run))))
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arm").field("name", &self.name).finish_non_exhaustive()
    }
}
