//! Runs by chance between those of the search.
//!
//! The search goes from one schedule to the next one beside it, so that all its runs begin alike for a long time: where
//! one in a hundred schedules fails, it may need millions of runs to get to one. A walk by chance does not. What it finds
//! ends the proof as what the search finds does; what it does not find proves nothing, and the search leaves out nothing
//! because of it.

use crate::schedule::Strategy;
use crate::schedule::few::Few;
use crate::schedule::pos::{BURST, POS};
use crate::schedule::random::RANDOM;
use crate::schedule::sticky::STICKY;
use mmreap::sync::engine::Choose;

/// One run in so many is by chance: a proof that comes to its end takes so much longer.
const ONE_IN: u64 = 4;

/// Whether the search, which has run so often, waits for a run by chance.
pub fn is_due(runs: u64) -> bool {
    runs % ONE_IN == ONE_IN - 1
}

/// The scheduler of a run by chance: the walks that need no pilot, by turns. With a bound on preemptions it keeps within
/// it; `decisions` is how many there are in a run.
pub fn scheduler(seed: u64, preemptions: Option<u32>, decisions: u32) -> Box<dyn Choose> {
    match preemptions {
        Some(most) => Box::new(Few::new(seed, most, decisions as usize)),
        None => walk(seed).scheduler(&mut || unreachable!("these walks need no pilot")),
    }
}

fn walk(seed: u64) -> Strategy {
    let walks = [&POS, &BURST, &RANDOM, &STICKY];
    walks[seed as usize % walks.len()].of(&[seed])
}
