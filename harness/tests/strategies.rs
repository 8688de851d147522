//! The list of strategies: what FORMAT.md says of them is what they say themselves.
//!
//! `MMREAP_BLESS=1 cargo test` writes the table anew.

mod common;

use common::assert_table;
use mmreap::sync::engine::Choose;
use mmreap_harness::schedule::in_order::InOrder;
use mmreap_harness::schedule::pct::PCT;
use mmreap_harness::schedule::portfolio::written;
use mmreap_harness::schedule::{
    self, AskPilot, Kind, Parameter, Refused, STRATEGIES, Share, Strategy,
};
use std::collections::BTreeSet;

const HEAD: &str = "| strategy | who runs |\n|---|---|\n";

fn row(kind: &Kind) -> String {
    format!("| `{}` | {} |\n", kind.usage(), kind.meaning)
}

#[test]
fn documentation_has_every_strategy() {
    assert_table(HEAD, &STRATEGIES.iter().map(|kind| row(kind)).collect::<String>());
}

#[test]
fn words_differ() {
    let words: BTreeSet<&str> = STRATEGIES.iter().map(|kind| kind.word).collect();
    assert_eq!(words.len(), STRATEGIES.len());
}

/// These are what a fit came to; [`schedule::portfolio`] says to what.
#[test]
fn shares_are_those_of_the_files() {
    let shares: Vec<String> =
        written().iter().map(|(strategy, percent)| format!("{percent} {strategy}")).collect();
    let all = [
        "30 pos seed 0",
        "20 surw seed 0",
        "16 burst seed 0",
        "12 pct seed 0 depth 10",
        "11 sticky seed 0",
        "7 random seed 0",
        "4 pct seed 0 depth 3",
    ];
    assert_eq!(shares, all);
}

fn choose(_: Strategy, _: &mut AskPilot<'_>) -> Box<dyn Choose> {
    Box::new(InOrder)
}

const fn kind(word: &'static str) -> Kind {
    Kind::new(word, "in order", choose)
}

const N: Parameter = Parameter { key: "n", least: 1, most: 2 };

#[test]
fn what_could_not_be_used_is_not_added() {
    static TAKEN: Kind = kind("pos");
    static WORDS: Kind = kind("two words");
    static TWICE: Kind = kind("twice").parameters(&[N, N]);
    static MANY: Kind = kind("many").parameters(&[
        N,
        Parameter { key: "a", ..N },
        Parameter { key: "b", ..N },
        Parameter { key: "c", ..N },
    ]);
    static EMPTY: Kind = kind("empty").parameters(&[Parameter { least: 3, ..N }]);
    const SHARE: Share = Share { percent: 1.0, numbers: &[] };
    static SEEDLESS: Kind = kind("seedless").shares(&[SHARE]);
    static SHORT: Kind = kind("short").parameters(&[Parameter::SEED, N]).shares(&[SHARE]);
    let refused = [
        (&TAKEN, Refused::Taken("pos")),
        (&WORDS, Refused::Word("two words")),
        (&TWICE, Refused::Parameters("twice")),
        (&MANY, Refused::Parameters("many")),
        (&EMPTY, Refused::Parameters("empty")),
        (&SEEDLESS, Refused::Parameters("seedless")),
        (&SHORT, Refused::Parameters("short")),
    ];
    for (kind, why) in refused {
        assert_eq!(schedule::add(kind), Err(why));
    }
    static FINE: Kind = kind("fine").parameters(&[N]);
    assert_eq!(schedule::add(&FINE), Ok(()));
    assert_eq!(schedule::add(&FINE), Ok(()), "again");
    assert_eq!(schedule::all().filter(|kind| **kind == FINE).count(), 1);
}

#[test]
#[should_panic(expected = "as many numbers as parameters")]
fn a_strategy_has_the_numbers_of_its_kind() {
    PCT.of(&[1]);
}
