//! The list of operations: what FORMAT.md says of them is what they say themselves.
//!
//! `MMREAP_BLESS=1 cargo test` writes the table anew.

mod common;

use common::assert_table;
use mmreap_harness::case::parse::parse;
use mmreap_harness::operation::sleep::SLEEP;
use mmreap_harness::operation::{
    self, Argument, Call, Kind, Next, OPERATIONS, Parameter, Refused, Rule, Who,
};
use std::collections::BTreeSet;

const HEAD: &str = "| operation | who | meaning |\n|---|---|---|\n";

fn row(kind: &Kind) -> String {
    format!("| `{}` | {} | {} |\n", kind.usage(), kind.who.name(), kind.meaning)
}

#[test]
fn documentation_has_every_operation() {
    assert_table(HEAD, &OPERATIONS.iter().map(|kind| row(kind)).collect::<String>());
}

#[test]
fn words_differ() {
    let words: BTreeSet<&str> = OPERATIONS.iter().map(|kind| kind.word).collect();
    assert_eq!(words.len(), OPERATIONS.len());
}

fn nothing(_: &Call<'_>) -> Next {
    Next::Operation
}

const fn kind(word: &'static str, parameters: &'static [Parameter]) -> Kind {
    Kind::new(word, Who::User, "nothing", nothing).parameters(parameters)
}

#[test]
fn what_could_not_be_used_is_not_added() {
    static TAKEN: Kind = kind("madvise", &[]);
    static WORDS: Kind = kind("two words", &[]);
    static TWICE: Kind = kind("twice", &[Parameter::Vma, Parameter::Unmapped]);
    static NUMBERS: Kind = kind("numbers", &[Parameter::Pages, Parameter::Jiffies]);
    static NOWHERE: Kind = kind("nowhere", &[Parameter::Completion]);
    static NOBODY: Kind = kind("nobody", &[]).rule(Rule::Start);
    let refused = [
        (&TAKEN, Refused::Taken("madvise")),
        (&WORDS, Refused::Word("two words")),
        (&TWICE, Refused::Parameters("twice")),
        (&NUMBERS, Refused::Parameters("numbers")),
        (&NOWHERE, Refused::Parameters("nowhere")),
        (&NOBODY, Refused::Parameters("nobody")),
    ];
    for (kind, why) in refused {
        assert_eq!(operation::add(kind), Err(why));
    }
    static FINE: Kind = kind("fine", &[Parameter::Process, Parameter::Vma, Parameter::Pages]);
    assert_eq!(operation::add(&FINE), Ok(()));
    assert_eq!(operation::add(&FINE), Ok(()), "again");
    assert_eq!(operation::all().filter(|kind| **kind == FINE).count(), 1);
    let text =
        "mmreap case 1\nkernel v\n\nprocess p\n  vma v anon 1 page\n  thread t: fine p v 7\n";
    assert_eq!(parse(text).map(|case| case.to_string()).as_deref(), Ok(text));
}

#[test]
#[should_panic(expected = "`sleep N`, and not [Pages(1), Pages(2)]")]
fn an_operation_has_the_arguments_of_its_kind() {
    SLEEP.of([Argument::Pages(1), Argument::Pages(2)]);
}
