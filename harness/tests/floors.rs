//! Floors: what stands below does not use what stands above. docs/floors.md says what stands where, and the sources are held to it.

#[path = "floors/sources.rs"]
mod sources;

use sources::{Module, Sources, Uses};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// More would be no floors.
const MOST_EXCEPTIONS: usize = 9;

/// Below the root of the repository.
fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect("it is there")
}

/// The rows of the table whose first heading this is: the cells of each.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let cells = |line: &'a str| -> Option<Vec<&'a str>> {
        let row = line.trim_start_matches("//! ").strip_prefix("| ")?.strip_suffix(" |")?;
        Some(row.split(" | ").collect())
    };
    let mut lines = text
        .lines()
        .map(cells)
        .skip_while(|row| row.as_ref().is_none_or(|row| row.first() != Some(&heading)));
    lines.next().unwrap_or_else(|| panic!("there is a table that begins with {heading:?}"));
    // The line below the heading is no row.
    lines.skip(1).map_while(|row| row).collect()
}

/// What stands in backquotes, with or without brackets.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Floors of `src/`: for each module its number.
fn floors<'a>(text: &'a str, heading: &str) -> BTreeMap<&'a str, u32> {
    let mut floors = BTreeMap::new();
    for row in rows(text, heading) {
        let number = row[0].split(' ').next().and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("{row:?} begins with a number"));
        floors.extend(quoted(row[1]).into_iter().map(|module| (module, number)));
    }
    floors
}

/// What may be used although it stands above: pairs of modules. Whoever may use all that is above has no second one.
type Exceptions<'a> = BTreeSet<(&'a str, Option<&'a str>)>;

fn exceptions(written: &str) -> Exceptions<'_> {
    let rows = rows(written, "module below");
    rows.iter().map(|row| (quoted(row[0])[0], quoted(row[1]).first().copied())).collect()
}

/// Uses of what stands above that are no exception, and exceptions that nobody needs.
fn wrong(uses: &Uses, floors: &BTreeMap<&str, u32>, exceptions: &Exceptions<'_>) -> Vec<String> {
    let within = uses.within(&[]);
    let upward = within.iter().filter(|((from, to), _)| floors[to] > floors[from]);
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    for (&(from, to), example) in upward {
        match [(from, Some(to)), (from, None)].into_iter().find(|it| exceptions.contains(it)) {
            Some(exception) => _ = needed.insert(exception),
            None => wrong.push(format!("{example}, which stands above")),
        }
    }
    let idle = exceptions.difference(&needed);
    wrong.extend(idle.map(|(from, to)| format!("{from} needs no exception for {to:?}")));
    wrong
}

#[test]
fn src_stands_on_its_floors() {
    let (uses, written) = (Uses::of(&Sources::read(&path("src"))), text("docs/floors.md"));
    let floors = floors(&written, "floor");
    assert_eq!(floors.keys().copied().collect::<BTreeSet<_>>(), uses.top());
    let exceptions = exceptions(&written);
    assert!(exceptions.len() <= MOST_EXCEPTIONS, "{exceptions:?}");
    assert_eq!(wrong(&uses, &floors, &exceptions), [""; 0]);
}

#[test]
fn documentation_of_src_has_the_same_floors() {
    let (written, library) = (text("docs/floors.md"), text("src/lib.rs"));
    assert_eq!(floors(&library, "floor"), floors(&written, "floor"));
}

/// What each module of the harness may call, and that it stands above all of that.
#[test]
fn harness_calls_what_it_may() {
    let (uses, written) = (Uses::of(&Sources::read(&path("harness/src"))), text("docs/floors.md"));
    let mut below: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    let within = uses.within(&[]);
    for row in rows(&written, "module") {
        let (module, may) = (quoted(row[0])[0], quoted(row[2]));
        let may = if row[2] == "all of these" { below.clone() } else { may };
        let above = may.iter().filter(|it| !below.contains(it));
        wrong.extend(above.map(|it| format!("{it} does not stand below {module}")));
        let calls = within.iter().filter(|((from, to), _)| *from == module && !may.contains(to));
        wrong.extend(calls.map(|(_, example)| format!("{example}, which it may not")));
        below.push(module);
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(below.into_iter().collect::<BTreeSet<_>>(), uses.top());
}

/// Modules of one folder that use each other in a circle; the first is the last again.
fn circle(uses: &Uses, folder: &Module) -> Option<Vec<String>> {
    let within = uses.within(folder);
    let mut pairs: BTreeSet<(&str, &str)> = within.keys().copied().collect();
    // What uses nothing that is left is in no circle.
    loop {
        let users: BTreeSet<&str> = pairs.iter().map(|pair| pair.0).collect();
        let before = pairs.len();
        pairs.retain(|pair| users.contains(pair.1));
        if pairs.len() == before {
            break;
        }
    }
    let mut path = vec![pairs.first()?.0];
    while let Some(next) = pairs.iter().find(|pair| pair.0 == path[path.len() - 1]) {
        let begin = path.iter().position(|it| *it == next.1);
        path.push(next.1);
        if let Some(begin) = begin {
            let steps = path[begin..].windows(2).map(|it| within[&(it[0], it[1])].clone());
            return Some(steps.collect());
        }
    }
    unreachable!("whatever is used uses something")
}

/// In no folder do modules use each other in a circle. What a folder's files share is in its `mod.rs`, which they
/// use and which uses them.
#[test]
fn harness_has_no_circles() {
    let uses = Uses::of(&Sources::read(&path("harness/src")));
    let circles: Vec<_> = uses.folders().iter().filter_map(|it| circle(&uses, it)).collect();
    assert_eq!(circles, [[""; 0]; 0]);
}

fn example(files: &[(&str, &str)]) -> Uses {
    let module = |name: &str| name.split("::").map(String::from).collect();
    let files = files.iter().map(|(name, text)| (module(name), text.to_string()));
    Uses::of(&Sources::of(&files.collect::<Vec<_>>()))
}

/// The test notices what it is there for, in whatever way it is written.
#[test]
fn what_uses_something_above_is_noticed() {
    let floors = BTreeMap::from([("low", 0), ("high", 1)]);
    for text in [
        "use crate::high::Thing;",
        "use crate::{low::x, high::{self, Thing}};",
        "fn f() { crate::high::g() }",
        "use super::high as other;",
    ] {
        let uses = example(&[("low", text), ("high", "use crate::low::y;")]);
        assert_eq!(
            wrong(&uses, &floors, &Exceptions::new()),
            ["low uses high, which stands above"],
            "{text}"
        );
        assert_eq!(wrong(&uses, &floors, &Exceptions::from([("low", Some("high"))])), [""; 0]);
    }
    for text in [
        "// use crate::high::Thing;",
        "use other_crate::high;",
        "\n#[cfg(test)]\nmod tests { use crate::high; }",
    ] {
        let uses = example(&[("low", text), ("high", "")]);
        assert_eq!(wrong(&uses, &floors, &Exceptions::new()), [""; 0], "{text}");
        let idle = wrong(&uses, &floors, &Exceptions::from([("low", None)]));
        assert_eq!(idle, ["low needs no exception for None"]);
    }
}

#[test]
fn circle_is_noticed() {
    let texts = [
        ("a::x", "use super::y::f;"),
        ("a::y", "use crate::a::z::f;"),
        ("a::z", "use super::x;"),
        ("a", ""),
    ];
    let found = circle(&example(&texts), &vec!["a".to_string()]);
    assert_eq!(
        found,
        Some(vec!["a::x uses a::y".into(), "a::y uses a::z".into(), "a::z uses a::x".into()])
    );
    assert_eq!(circle(&example(&texts[1..]), &vec!["a".to_string()]), None);
}
