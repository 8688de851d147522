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

/// How a function is entered by its name, and how one becomes a constant.
const ENTERS: [&str; 2] = ["enter", "protocol"];
const DECLARES: [&str; 2] = ["Function::new", "Function::acting"];

/// What is named as the first argument of some functions.
fn named<'a>(code: &'a str, by: [&str; 2]) -> impl Iterator<Item = &'a str> {
    let calls = by.map(|function| code.split(&format!("{function}(")).skip(1).collect::<Vec<_>>());
    let arguments = calls.into_iter().flatten().map(str::trim_start);
    arguments.filter_map(|argument| argument.strip_prefix('"')?.split('"').next())
}

/// Functions that the model enters, and fields and flags that others speak of.
fn names() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = MmFlag::ALL.iter().map(|it| it.name().to_string()).collect();
    for (module, code) in sources("src").0 {
        if module == ["trace", "noun"] {
            names.extend(literals(&code).map(String::from));
        }
        let functions = named(&code, ENTERS).chain(named(&code, DECLARES));
        names.extend(functions.map(String::from));
    }
    names
}

/// Functions that are constants, for a role may begin with one.
fn constants() -> BTreeSet<String> {
    let sources = sources("src").0;
    sources.iter().flat_map(|(_, code)| named(code, DECLARES)).map(String::from).collect()
}

/// Where one of them is entered by its name, without its role.
fn entered<'a>(sources: &'a Sources, constants: &BTreeSet<String>) -> Vec<&'a str> {
    let entered = sources.0.iter().flat_map(|(_, code)| named(code, ENTERS));
    entered.filter(|name| constants.contains(*name)).collect()
}

/// Whether it is the word of the operation whose file this is.
fn is_word_of(module: &[String], literal: &str) -> bool {
    module.iter().eq(["operation", literal])
}

/// Names in the code, each with its module.
fn spelled(sources: &Sources, names: &BTreeSet<String>) -> Vec<String> {
    let judged = sources
        .0
        .iter()
        .filter(|(module, _)| module.first().is_some_and(|top| !OWN_WORDS.contains(&top.as_str())));
    let all = judged.flat_map(|(module, code)| {
        let spelled = literals(code).filter(|literal| names.contains(*literal));
        let foreign = spelled.filter(|literal| !is_word_of(module, literal));
        foreign.map(|name| format!("{} spells {name:?}", module.join("::")))
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
fn whoever_enters_a_function_that_is_a_constant_uses_it() {
    let constants = constants();
    assert!(constants.contains("__mmput") && !constants.contains("zap_pte_range"), "{constants:?}");
    for code in ["src", "harness/mutants/src"] {
        assert_eq!(entered(&sources(code), &constants), [""; 0], "{code}");
    }
    let code = "let _call = protocol(\n    \"__mmput\",\n    mm.object());".to_string();
    let sources = Sources::of(&[(vec!["own".into()], code)]);
    assert_eq!(entered(&sources, &constants), ["__mmput"]);
}

#[test]
fn spelled_name_is_noticed() {
    let code = "fn f(e: &Event) -> bool { e.site.function() == \"exit_mmap\" } // \"exit_mm\"";
    let sources = Sources::of(&[(vec!["oracle".into(), "own".into()], code.to_string())]);
    assert_eq!(spelled(&sources, &names()), ["oracle::own spells \"exit_mmap\""]);
    let code =
        "static KIND: Kind = Kind::new(\"mmput\"); fn f() { peek_at(\"mm_users\") }".to_string();
    let sources = Sources::of(&[(vec!["operation".into(), "mmput".into()], code)]);
    assert_eq!(spelled(&sources, &names()), ["operation::mmput spells \"mm_users\""]);
}
