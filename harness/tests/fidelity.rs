//! The ledger `docs/fidelity.md`: everything that is modelled has its row, and nothing else has.
//!
//! What is modelled is not what somebody remembers: it is the functions of the table of revisions, and every
//! place that runs come to. A row is read by people; what a program can hold of it, these tests do.

mod ledger;

use ledger::{Asserted, Row, asserted, root, rows};
use mmreap::memory::Assertion;
use mmreap::release::RELEASES;
use mmreap::revision::PARTS;
use mmreap::trace::Site;
use mmreap_harness::case::{Case, generate, parse::parse};
use mmreap_harness::corpus;
use mmreap_harness::run::Runner;
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::portfolio::Portfolio;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Generated cases, besides those of the corpus and the scenarios.
const CASES: u64 = 300;

/// Runs of each case on each release.
const RUNS: u64 = 3;

/// What generated cases come to by luck only: small pages where khugepaged wants a huge one.
const COLLAPSE: &str = "mmreap case 1
kernel v4.15
machine frames 24 min 1 high 2
process p
  vma heap anon 4 pages huge
  thread main: madvise heap; write heap
fault fail_page_alloc fail-nth 1
schedule in_order
  run p
  run khugepaged
";

/// A function, or an operation, on a release.
type Place = (String, &'static str);

fn covered() -> BTreeSet<Place> {
    let places = |row: Row| row.releases.into_iter().map(move |it| (row.function.clone(), it));
    rows().into_iter().flat_map(places).collect()
}

fn cases() -> Vec<Case> {
    let directories =
        ["corpus", "harness/tests/scenarios", "harness/tests/oom"].map(|it| root().join(it));
    let list = |directory| corpus::list(directory).expect("the directory can be listed");
    let files = directories.iter().flat_map(|it| list(it));
    let written = files.map(|path| corpus::load(&path).expect("the case can be read"));
    let collapse = parse(COLLAPSE).expect("the case can be read");
    written.chain([collapse]).chain((0..CASES).map(generated)).collect()
}

fn generated(number: u64) -> Case {
    let bytes: Vec<u8> = (0..256).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    generate::case(&mut arbitrary::Unstructured::new(&bytes), "v4.15")
}

/// The functions that runs come to, and what they do or are about to do there.
fn shown() -> BTreeSet<Place> {
    let (mut runner, mut shown) = (Runner::new(), BTreeSet::new());
    for mut case in cases() {
        for release in RELEASES {
            let mut portfolio = Portfolio::new(1);
            for run in 0..RUNS {
                case.schedule.strategy = portfolio.next(1, run);
                let run = runner.record(&case, release);
                let mut sites: Vec<Site> = run.decisions.iter().map(|it| it.site).collect();
                sites.extend(run.world().log.iter().map(|event| event.site));
                let names = sites.iter().flat_map(|site| [site.function(), site.verb()]);
                let names = names.filter(|name| !name.is_empty());
                shown.extend(names.map(|name| (name.to_string(), release.name)));
            }
        }
    }
    shown
}

#[test]
fn everything_that_runs_show_has_its_row_and_nothing_else_has() {
    let (shown, covered) = (shown(), covered());
    let missing: BTreeSet<&str> = shown.difference(&covered).map(|place| &*place.0).collect();
    assert!(missing.is_empty(), "without a row for a release that shows it: {missing:?}");
    let known = |name: &str| {
        shown.iter().any(|place| place.0 == name) || PARTS.iter().any(|part| part.name == name)
    };
    let names: BTreeSet<String> = rows().into_iter().map(|row| row.function).collect();
    let unknown: Vec<&String> = names.iter().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "rows about {unknown:?}, which no run shows");
}

#[test]
fn a_function_has_one_row_for_a_release() {
    let mut seen = BTreeMap::new();
    for row in rows() {
        for release in row.releases {
            let other = seen.insert((row.function.clone(), release), row.section.clone());
            assert_eq!(other, None, "{} on {release} has another row", row.function);
        }
    }
}

/// The source of the table of revisions: a line for each function, with the kernel's name for it.
static TABLE: LazyLock<String> = LazyLock::new(|| {
    std::fs::read_to_string(root().join("src/revision.rs")).expect("there is a table")
});

/// The kernel's name for a field of the table.
fn kernel_name(field: &str) -> &'static str {
    let mut lines = TABLE.lines().filter_map(|line| line.trim().strip_suffix("\";"));
    let line = lines.find(|line| line.starts_with(&format!("{field}:")));
    let line = line.unwrap_or_else(|| panic!("the field {field} has no name"));
    line.rsplit_once('"').expect("the name is in quotes").1
}

/// The kernel functions that a release has of its own, as its file says.
fn own_functions(release: &str) -> Vec<&'static str> {
    let file = root().join(format!("src/release/{}.rs", release.replace('.', "_")));
    let text = std::fs::read_to_string(file).expect("a release has a file");
    let fields = text.lines().filter(|line| line.starts_with("    ") && line.contains("::"));
    let fields = fields.filter_map(|line| line.trim().split_once(": "));
    fields.map(|(field, _)| kernel_name(field)).collect()
}

#[test]
fn every_function_of_the_table_has_a_row_that_begins_with_its_release() {
    let (rows, covered) = (rows(), covered());
    for part in PARTS {
        let is_covered = |name| covered.contains(&(part.name.to_string(), name));
        let missing: Vec<_> = RELEASES.iter().filter(|it| !is_covered(it.name)).collect();
        assert!(missing.is_empty(), "{} has no row for {missing:?}", part.name);
    }
    for release in RELEASES {
        let own = own_functions(release.name);
        assert!(!own.is_empty(), "{} has functions of its own", release.name);
        for function in own {
            let begins = |row: &Row| row.function == function && row.releases[0] == release.name;
            assert!(rows.iter().any(begins), "no row of {function} begins with {}", release.name);
        }
    }
}

#[test]
fn every_assertion_of_the_model_has_its_row_and_the_others_say_why_not() {
    let is_modelled = |row: &&Asserted| row.here.starts_with("O-BUG");
    let (modelled, others): (Vec<_>, Vec<_>) =
        asserted().into_iter().partition(|row| is_modelled(&row));
    let told: BTreeSet<_> = modelled.into_iter().map(|it| (it.functions, it.assertion)).collect();
    let name = |it: Assertion| (it.function.to_string(), format!("{}({})", it.verb, it.condition));
    assert_eq!(told, Assertion::ALL.map(name).into_iter().collect());
    for row in others {
        let says_why = row.here.starts_with("no: ") || row.here.starts_with("O-");
        assert!(says_why && !row.releases.is_empty(), "{row:?}");
    }
}

#[test]
fn every_row_says_what_is_left_out_and_what_holds_it() {
    for row in rows() {
        let says = ["harmless", "hides", "shows", "as before", "see ", "nothing"];
        let is_said = says.iter().any(|word| row.left_out.contains(word));
        assert!(is_said, "{}: what does it mean that {} is left out?", row.function, row.left_out);
        assert!(!row.checked.is_empty(), "{}: nothing holds it", row.function);
        for file in row.checked.split('`').filter(|it| it.contains('/') && it.contains('.')) {
            assert!(root().join(file).exists(), "{}: there is no {file}", row.function);
        }
        let is_file = [".c", ".h", ".S"].iter().any(|ending| row.section.ends_with(ending));
        assert!(is_file || row.section == "The model's own", "{} is no file", row.section);
    }
}
