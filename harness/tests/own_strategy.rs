//! A strategy of somebody's own. Every case of this process can have it, so it has a test program to itself.

use arbitrary::Unstructured;
use mmreap::release::V4_15;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::thread::Tid;
use mmreap_harness::case::mutate::{self, Sites};
use mmreap_harness::case::parse::parse;
use mmreap_harness::case::{Case, generate};
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::portfolio::Portfolio;
use mmreap_harness::schedule::{self, AskPilot, Kind, Parameter, Share, Strategy, derive_seed};

/// Changes to the next thread after so many decisions.
static SLICES: Kind = Kind::new("slices", "threads in turn, each for so many decisions", choose)
    .parameters(&[Parameter::SEED, LENGTH])
    .shares(&[Share { percent: 25.0, numbers: &[2] }]);

const LENGTH: Parameter = Parameter { key: "length", least: 1, most: 9 };

struct Slices {
    length: u64,
    left: u64,
}

impl Choose for Slices {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.left = self.left.checked_sub(1).unwrap_or(self.length);
        let goes_on = current.filter(|_| self.left > 0);
        let after = |c: &&Candidate| current.is_some_and(|current| c.thread > current);
        let next = candidates.iter().find(after).unwrap_or(&candidates[0]).thread;
        goes_on.unwrap_or(next)
    }
}

fn choose(strategy: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    let length = strategy.number(LENGTH.key);
    Box::new(Slices { length, left: length })
}

const CASE: &str = "mmreap case 1
kernel v4.15

process p
  thread a: alloc 1; free; alloc 1; free
  thread b: alloc 1; free; alloc 1; free

schedule slices seed 7 length 2
";

/// A case for each of some bytes, and what becomes of it by some changes.
fn generated() -> Vec<Case> {
    let bytes = |number, words| -> Vec<u8> {
        (0..words).flat_map(|word| derive_seed(number, word).to_le_bytes()).collect()
    };
    let case = |number| {
        let mut case = generate::case(&mut Unstructured::new(&bytes(number, 80)), "v4.15");
        for change in 0..8 {
            let bytes = bytes(1000 * number + change, 16);
            mutate::mutate(&mut case, &mut Unstructured::new(&bytes), &Sites::default());
        }
        case
    };
    (0..400).map(case).collect()
}

#[test]
fn an_own_strategy_is_as_good_as_the_others() {
    let unknown = parse(CASE).map_err(|error| error.to_string());
    assert!(unknown.is_err_and(|error| error.contains("`slices` is unknown here")));
    let before = generated();
    schedule::add(&SLICES).expect("no other has the word");
    is_read_printed_and_run();
    has_its_share();
    changes_no_case_without_it(&before);
}

fn is_read_printed_and_run() {
    let case = parse(CASE).expect("it can be read now");
    assert_eq!(case.to_string(), CASE);
    assert_eq!(case.schedule.strategy, SLICES.of(&[7, 2]));
    let spread = |text: &str| {
        let run = Runner::new().run_case(&parse(text).expect("it can be read"), &V4_15);
        let log = &run.world().log;
        log.windows(2).filter(|two| two[0].thread != two[1].thread).count()
    };
    let rarely = spread(&CASE.replace("length 2", "length 9"));
    assert!(spread(CASE) > rarely && rarely > 0);
    let wrong = parse(&CASE.replace("length 2", "length 10")).map_err(|error| error.to_string());
    assert!(wrong.is_err_and(|error| error.contains("length: 1 to 9")));
}

/// A fifth of all, now that all shares are 125 percent.
fn has_its_share() {
    let mut portfolio = Portfolio::new(3);
    let dealt = (1..=1000).map(|run| portfolio.next(7, run));
    let count = dealt.filter(|strategy| *strategy.kind() == SLICES).count();
    assert!(count.abs_diff(200) < 10, "{count}");
}

/// Changes that do not draw a strategy are what they were, and some of those that do draw this one.
fn changes_no_case_without_it(before: &[Case]) {
    let after = generated();
    let has_it = |case: &&Case| *case.schedule.strategy.kind() == SLICES;
    assert!(after.iter().filter(has_it).count() > 5);
    let pairs = before.iter().zip(&after).filter(|(_, after)| !has_it(after));
    pairs.for_each(|(before, after)| assert_eq!(before, after));
}
