//! The harness spells no name of the model: what it compares with is a constant that the model itself uses, so that
//! renaming one breaks the build and silences nothing.
//!
//! The words of cases are their own, also where an operation is called like a kernel function.

#[path = "floors/sources.rs"]
mod sources;

use mmreap::mm::MmFlag;
use mmreap::sync::bits::Flag;
use sources::Sources;
use std::collections::BTreeSet;
use std::path::Path;

/// Where words of cases are read, written and explained to people.
const OWN_WORDS: [&str; 3] = ["case", "cli", "bench"];

fn sources(below: &str) -> Sources {
    Sources::read(&Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(below))
}

/// What stands in quotes.
fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// Functions that the model enters, and fields and flags that others speak of.
fn names() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = MmFlag::ALL.iter().map(|it| it.name().to_string()).collect();
    for (module, code) in sources("src").0 {
        if module == ["trace", "noun"] {
            names.extend(literals(&code).map(String::from));
        }
        for opening in ["enter(\"", "protocol(\"", "Function::new(\"", "Function::acting(\""] {
            let named = code.split(opening).skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(named.map(String::from));
        }
    }
    names
}

/// Names in the code, each with its module.
fn spelled(sources: &Sources, names: &BTreeSet<String>) -> Vec<String> {
    let judged = sources
        .0
        .iter()
        .filter(|(module, _)| module.first().is_some_and(|top| !OWN_WORDS.contains(&top.as_str())));
    let all = judged.flat_map(|(module, code)| {
        let own = literals(code).filter(|literal| names.contains(*literal));
        own.map(|name| format!("{} spells {name:?}", module.join("::")))
    });
    all.collect()
}

#[test]
fn harness_spells_no_name_of_the_model() {
    let names = names();
    for known in ["exit_mmap", "__oom_reap_task_mm", "zap_pte_range", "mm_users", "MMF_OOM_SKIP"] {
        assert!(names.contains(known), "{known}");
    }
    assert_eq!(spelled(&sources("harness/src"), &names), [""; 0]);
}

#[test]
fn spelled_name_is_noticed() {
    let code = "fn f(e: &Event) -> bool { e.site.function() == \"exit_mmap\" } // \"exit_mm\"";
    let sources = Sources::of(&[(vec!["oracle".into(), "own".into()], code.to_string())]);
    assert_eq!(spelled(&sources, &names()), ["oracle::own spells \"exit_mmap\""]);
}
