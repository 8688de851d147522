//! Schedules: who runs when.
//!
//! One file per algorithm, and one line in [`STRATEGIES`]. A [`Kind`] is all that there is to say about a strategy: its
//! word and the numbers that follow it, its shares of a campaign's runs, and its scheduler. Whatever else is done with
//! strategies (reading, printing, checking, drawing) knows no kind. [`add`] makes one from outside as good as these.
//!
//! All decide from the announced next operations, and all chance comes from
//! ChaCha8 streams keyed by the seed and, where the algorithm allows it, by the name of the thread, so
//! that the choices of one thread stay what they are when another is taken away. [`follow`] puts the
//! segments of a case, which name what is fixed, before the strategy that decides the rest; [`pilot`]
//! says what to expect of a run; [`portfolio`] deals the runs of a campaign out to the strategies.

mod added;
pub(crate) mod chance;
mod conflict;
pub mod few;
pub mod follow;
pub mod in_order;
mod kind;
pub mod pct;
pub mod pilot;
pub mod portfolio;
pub mod pos;
pub mod preemption;
pub mod random;
pub mod segments;
pub mod sticky;
pub mod stock;
pub mod surw;
pub mod watch;

pub use crate::registry::Refused;
pub use added::add;
pub use conflict::{conflict, disturbs, never_co_enabled, only_reads, ops_conflict};
pub use kind::{AskPilot, Chooser, Kind, Parameter, Share, Strategy};
pub use pilot::Estimates;
pub use segments::{Segment, Stop};

use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::rc::Rc;

/// Every strategy that is part of mmreap, in the order in which the documentation lists them.
pub static STRATEGIES: &[&Kind] = &[
    &in_order::IN_ORDER,
    &random::RANDOM,
    &sticky::STICKY,
    &pct::PCT,
    &pos::POS,
    &pos::BURST,
    &surw::SURW,
];

/// These, and what was added.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    STRATEGIES.iter().copied().chain(added::ADDED.all())
}

/// The strategy with the word.
pub fn find(word: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.word == word)
}

/// A scheduler that is looked at again after the run.
pub struct Shared<C>(pub Rc<RefCell<C>>);

impl<C: Choose> Choose for Shared<C> {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.0.borrow_mut().choose(candidates, current)
    }
}

/// A number of the sequence that a seed begins: the seeds of further runs of one case.
pub fn derive_seed(seed: u64, run: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(run);
    rng.next_u64()
}
