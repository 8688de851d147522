//! A kind of strategy, and a strategy: everything that is particular to one.

use super::pilot::Estimates;
use mmreap::sync::engine::Choose;
use std::fmt;
use std::rc::Rc;

/// Numbers that may follow the word of a strategy.
const MOST: usize = 3;

/// What is expected of a run: the [`super::pilot`] runs first if it has not.
pub type AskPilot<'a> = dyn FnMut() -> Rc<Estimates> + 'a;

/// Makes the scheduler of one run.
pub type Chooser = fn(Strategy, &mut AskPilot<'_>) -> Box<dyn Choose>;

/// What a strategy is called, what follows its word, and who chooses then.
///
/// ```
/// use mmreap::sync::engine::{Candidate, Choose};
/// use mmreap::sync::thread::Tid;
/// use mmreap_harness::schedule::{self, AskPilot, Kind, Strategy};
///
/// /// Whoever came last goes first.
/// static NEWEST: Kind = Kind::new("newest", "the thread that was created last", choose);
///
/// struct Newest;
///
/// impl Choose for Newest {
///     fn choose(&mut self, candidates: &[Candidate], _current: Option<Tid>) -> Tid {
///         candidates.iter().map(|candidate| candidate.thread).max().expect("there is one")
///     }
/// }
///
/// fn choose(_: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
///     Box::new(Newest)
/// }
///
/// schedule::add(&NEWEST).expect("no other has the word");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// The word in the text.
    pub word: &'static str,
    /// Who runs, for the table of strategies in FORMAT.md.
    pub meaning: &'static str,
    /// The numbers that follow the word.
    pub parameters: &'static [Parameter],
    /// Its shares of a campaign's runs.
    pub shares: &'static [Share],
    /// The scheduler of one run.
    pub choose: Chooser,
}

/// A number that follows the word of a strategy, after its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key.
    pub key: &'static str,
    /// The smallest.
    pub least: u64,
    /// The largest.
    pub most: u64,
}

impl Parameter {
    /// Where all its chance comes from.
    pub const SEED: Parameter = Parameter { key: "seed", least: 0, most: u64::MAX };
}

/// A share of the runs, with the numbers of the strategy besides the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The percentage of the runs if all strategies yield the same.
    pub percent: f64,
    /// The numbers that follow the seed.
    pub numbers: &'static [u64],
}

/// A strategy of a schedule: its kind, and the numbers that follow the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    kind: &'static Kind,
    numbers: [u64; MOST],
}

impl Kind {
    /// One without numbers, that has no share.
    pub const fn new(word: &'static str, meaning: &'static str, choose: Chooser) -> Self {
        Kind { word, meaning, parameters: &[], shares: &[], choose }
    }

    /// The same with numbers after its word.
    pub const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Kind { parameters, ..self }
    }

    /// The same with shares of a campaign's runs; those of all that is part of mmreap add up to 100.
    pub const fn shares(self, shares: &'static [Share]) -> Self {
        Kind { shares, ..self }
    }

    /// A strategy of this kind.
    ///
    /// # Panics
    ///
    /// If these are not as many numbers as follow its word.
    pub const fn of(&'static self, numbers: &[u64]) -> Strategy {
        assert!(numbers.len() == self.parameters.len(), "as many numbers as parameters");
        let mut all = [0; MOST];
        let mut at = 0;
        while at < numbers.len() {
            all[at] = numbers[at];
            at += 1;
        }
        Strategy { kind: self, numbers: all }
    }

    /// How it is written.
    pub fn usage(&self) -> String {
        let numbers = self.parameters.iter().map(|parameter| format!(" {} N", parameter.key));
        std::iter::once(self.word.to_string()).chain(numbers).collect()
    }

    /// Whether each number has a key of its own, there are not too many, and shares give the others.
    pub(super) fn is_consistent(&self) -> bool {
        let count = |key| self.parameters.iter().filter(|it| it.key == key).count();
        let once = self.parameters.iter().all(|it| count(it.key) == 1 && it.least <= it.most);
        let first_is_seed = self.parameters.first().is_some_and(|it| *it == Parameter::SEED);
        let fits = |share: &Share| share.numbers.len() + 1 == self.parameters.len();
        once && self.parameters.len() <= MOST
            && self.shares.iter().all(|share| first_is_seed && fits(share) && share.percent > 0.0)
    }
}

impl Share {
    /// The strategy that has it, with the seed 0.
    pub(super) fn strategy(&self, kind: &'static Kind) -> Strategy {
        let numbers: Vec<u64> = std::iter::once(0).chain(self.numbers.iter().copied()).collect();
        kind.of(&numbers)
    }
}

impl Strategy {
    /// What it is called, and who chooses.
    pub fn kind(self) -> &'static Kind {
        self.kind
    }

    /// The scheduler of one run. What it wants to know of the pilot's it asks for.
    pub fn scheduler(self, pilot: &mut AskPilot<'_>) -> Box<dyn Choose> {
        (self.kind.choose)(self, pilot)
    }

    /// What follows its word.
    pub fn numbers(&self) -> impl Iterator<Item = (Parameter, u64)> {
        self.kind.parameters.iter().copied().zip(self.numbers)
    }

    /// The number with the key; 0 if it has none.
    pub fn number(self, key: &str) -> u64 {
        self.numbers().find(|(parameter, _)| parameter.key == key).map_or(0, |(_, number)| number)
    }

    /// Its seed; 0 if it takes none.
    pub fn seed(self) -> u64 {
        self.number(Parameter::SEED.key)
    }

    /// The same with another seed, if it takes one.
    pub fn with_seed(self, seed: u64) -> Self {
        self.changed(|parameter, number| if *parameter == Parameter::SEED { seed } else { number })
    }

    /// The same with numbers that are inside of their bounds.
    pub fn clamped(self) -> Self {
        self.changed(|parameter, number| number.clamp(parameter.least, parameter.most))
    }

    fn changed(mut self, change: impl Fn(&Parameter, u64) -> u64) -> Self {
        for (number, parameter) in self.numbers.iter_mut().zip(self.kind.parameters) {
            *number = change(parameter, *number);
        }
        self
    }
}

/// As cases have it.
impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word)?;
        self.numbers().try_for_each(|(parameter, number)| write!(f, " {} {number}", parameter.key))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}
