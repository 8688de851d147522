//! Coverage of interleavings: what of the order of things a run has shown.
//!
//! Code coverage says little about races: a run in which they meet and one in which they miss each other
//! execute the same lines. What differs is who came before whom, so the features of a run are
//!
//! * ordered pairs of conflicting operations of different threads, the second on what the first touched
//!   last: site and role of each, and the kind of object. Hand-offs of locks are such pairs, and a lock that
//!   was waited for shows others than one that was free;
//! * two such pairs in a row on one thing: a page, a flag, a lock. Across things there would be no end of
//!   them, and most would be about threads that have nothing to do with each other;
//! * faults that struck: where, in which role.
//!
//! There are some thousand pairs, and ever more sequences of two. So what is kept is what shows a pair or a fault that is
//! new; sequences only say, by their rarity, for how long it pays to go on with a case. Measured in hunts for 31 bugs
//! with 20 seeds each: to keep new sequences, too, makes three times as many files and finds nothing sooner (1.00 of the
//! processor's time for a find, standard error 0.05); to do without sequences takes 1.13 of the time (0.05).
//!
//! A feature is a number below [`SIZE`], a hash of names: the same in every process and every build. Two
//! features may share a number, which can hide one of them, and never invents one.
//!
//! [`watch`](crate::schedule::watch) notes what the scheduler lets happen, [`Tracer`] makes features of it, [`Map`] knows which have
//! been seen, [`Rarity`] how often. What follows from coverage is where it pays to go on; it never judges a run.

mod hash;
mod map;
mod rarity;
mod role;
mod site;
mod trace;

pub use hash::stable_hash;
pub use map::{Map, SIZE};
pub use rarity::Rarity;
pub use site::add_sites;
pub use trace::{Feature, Tracer};

use crate::run::Run;

/// What a series of runs has shown.
#[derive(Default)]
pub struct Coverage {
    /// The single features that were seen.
    pub map: Map,
    rarity: Rarity,
    tracer: Tracer,
}

/// What a run has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shown {
    /// Single features that no run before it had.
    pub new: u32,
    /// What all its features are worth, see [`Rarity`].
    pub worth: f64,
}

impl Coverage {
    /// Adds a run of a runner that [watches](crate::run::Runner::watching), and says what it has shown.
    pub fn observe(&mut self, run: &Run) -> Shown {
        let (map, rarity, mut shown) = (&mut self.map, &mut self.rarity, Shown::default());
        rarity.begin_run();
        self.tracer.trace(run.watched(), run.world(), |feature| match feature {
            Feature::Single(number) => {
                shown.new += u32::from(map.add(number));
                shown.worth += rarity.add(number);
            }
            Feature::Sequence(number) => shown.worth += rarity.add(number),
        });
        shown
    }
}
