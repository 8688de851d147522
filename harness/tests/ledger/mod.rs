//! The ledger `docs/fidelity.md`, as rows.

// Every test program uses a part of this.
#![allow(dead_code)]

use mmreap::release::RELEASES;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A function of a kernel's source file, for some releases.
#[derive(Clone, Debug)]
pub struct Row {
    /// The file, or the name of the section that has none.
    pub section: String,
    /// The function.
    pub function: String,
    /// The releases.
    pub releases: Vec<&'static str>,
    /// What is left out, and what that means.
    pub left_out: String,
    /// What holds the row.
    pub checked: String,
    /// What the row means for the whole.
    pub limits: Vec<String>,
}

/// Where the project is.
pub fn root() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = packages.into_iter().find(|it| it.join("docs/fidelity.md").is_file());
    root.expect("the packages are inside of the project").to_path_buf()
}

/// The rows, in the order of the text.
pub fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/fidelity.md")).expect("there is a ledger");
    let (mut rows, mut section) = (Vec::new(), "");
    for line in text.lines() {
        section = line.strip_prefix("## ").unwrap_or(section);
        if section != ASSERTIONS && line.starts_with("| ") && !line.starts_with("| function |") {
            rows.push(row(section.trim_matches('`'), line));
        }
    }
    rows
}

/// The section with a table of its own, of what the kernel asserts.
const ASSERTIONS: &str = "Assertions";

/// What the kernel asserts: a row of its table.
#[derive(Clone, Debug)]
pub struct Asserted {
    /// The functions.
    pub functions: String,
    /// The releases.
    pub releases: Vec<&'static str>,
    /// The macro with its condition.
    pub assertion: String,
    /// What becomes of it in the model.
    pub here: String,
}

/// The rows about what the kernel asserts, in the order of the text.
pub fn asserted() -> Vec<Asserted> {
    let text = std::fs::read_to_string(root().join("docs/fidelity.md")).expect("there is a ledger");
    let lines = text.lines().skip_while(|line| !line.ends_with(ASSERTIONS)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("## "));
    let rows = lines.filter(|line| line.starts_with("| ") && !line.starts_with("| file |"));
    rows.map(|line| asserted_row(&line.replace("\\|", "\0"))).collect()
}

fn asserted_row(line: &str) -> Asserted {
    let line = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    let cells: Vec<&str> = line.expect("a row has two ends").split('|').map(str::trim).collect();
    let [_file, functions, releases, assertion, here] = cells[..] else {
        panic!("not five cells: {cells:?}");
    };
    Asserted {
        functions: functions.trim_matches('`').to_string(),
        releases: span(releases),
        assertion: assertion.trim_matches('`').replace('\0', "|"),
        here: here.to_string(),
    }
}

fn row(section: &str, line: &str) -> Row {
    let line = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    let cells: Vec<&str> = line.expect("a row has two ends").split('|').map(str::trim).collect();
    let [function, releases, kept, left_out, checked, limits] = cells[..] else {
        panic!("not six cells: {cells:?}");
    };
    assert!(!kept.is_empty(), "{function}: nothing is kept");
    Row {
        section: section.to_string(),
        function: function.trim_matches('`').to_string(),
        releases: span(releases),
        left_out: left_out.to_string(),
        checked: checked.to_string(),
        limits: limits
            .split(';')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(String::from)
            .collect(),
    }
}

/// The releases that `A to B`, or `A` alone, stands for.
fn span(text: &str) -> Vec<&'static str> {
    let place = |name: &str| {
        let found = RELEASES.iter().position(|release| release.name == name);
        found.unwrap_or_else(|| panic!("no release {name} in {text}"))
    };
    let (first, last) = text.split_once(" to ").unwrap_or((text, text));
    RELEASES[place(first)..=place(last)].iter().map(|release| release.name).collect()
}

/// What the model does not do, as a list: the limits of all rows, each once, with its functions.
pub fn limits() -> String {
    let rows = rows();
    let mut seen = BTreeSet::new();
    let all = rows.iter().flat_map(|row| &row.limits).filter(|limit| seen.insert(*limit));
    all.map(|limit| {
        let mut functions: Vec<String> = Vec::new();
        for row in rows.iter().filter(|row| row.limits.contains(limit)) {
            let name = format!("`{}`", row.function);
            if !functions.contains(&name) {
                functions.push(name);
            }
        }
        format!("* {limit} ({})\n", functions.join(", "))
    })
    .collect()
}
