//! Nights: what makes them green and red, and what they write.
//!
//! Budgets are in runs, so that a night with the same seed is the same night on every machine. The canary's
//! is generous, because it stops when the canary is found.

use mmreap_harness::campaign::nightly::{Budget, Finding, Night, Settings, night};
use mmreap_harness::case::{Case, Expect, Signature};
use mmreap_harness::corpus;
use quick_junit::Report;
use std::path::Path;
use tempfile::TempDir;

/// Passes everywhere: nobody is ever short of memory.
const PLAIN: &str = "\
mmreap case 1
kernel v4.14

process victim
  thread main: exit

expect pass
";

const NO_RUNS: Budget = Budget::Runs { canary: 0, release: 0 };
const A_FEW_RUNS: Budget = Budget::Runs { canary: 1_000_000, release: 2_000 };

fn spend(corpus: &Path, budget: Budget) -> Night {
    let settings = Settings { budget, corpus: corpus.to_path_buf(), seed: 1 };
    night(&settings, &mut |_| ()).unwrap()
}

fn corpus_with(text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    corpus::write(&directory.path().join("case.mmreap"), text).unwrap();
    directory
}

fn signature() -> Signature {
    let sites = vec!["exit_mmap".to_string()];
    Signature { oracle: "O-PT-UAF".to_string(), object: "page_table".to_string(), sites }
}

#[test]
fn what_one_night_finds_the_next_one_expects() {
    let corpus = corpus_with(PLAIN);
    let first = spend(corpus.path(), A_FEW_RUNS);
    assert!(first.canary_found);
    assert_eq!(first.is_green(), first.findings.is_empty());
    first.write(corpus.path()).unwrap();
    let second = spend(corpus.path(), A_FEW_RUNS);
    assert_eq!(second.complaints(), Vec::<String>::new());
    assert!(second.is_green());
    assert!(second.replays.len() > first.replays.len() || first.findings.is_empty());
    assert!(second.to_markdown().starts_with("# A green night\n"));
}

#[test]
fn a_corpus_that_lies_makes_it_red() {
    let lie = format!("{PLAIN}on v4.15 {}\n", signature());
    let night = spend(corpus_with(&lie).path(), NO_RUNS);
    let wrong: Vec<_> = night.replays.iter().filter(|replay| !replay.is_expected).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].kernel, "v4.15");
    assert_eq!(wrong[0].got, Some(Expect::Pass));
    let line = "case.mmreap on v4.15: expected O-PT-UAF page_table exit_mmap, got pass";
    assert!(night.complaints().contains(&line.to_string()), "{:?}", night.complaints());
}

#[test]
fn a_kernel_that_does_not_exist_makes_it_red() {
    let night = spend(corpus_with(&PLAIN.replace("v4.14", "v9.99")).path(), NO_RUNS);
    let line = "case.mmreap on v9.99: expected pass, got no such kernel";
    assert!(night.complaints().contains(&line.to_string()), "{:?}", night.complaints());
}

#[test]
fn a_night_without_runs_is_red() {
    let night = spend(corpus_with(PLAIN).path(), NO_RUNS);
    let idle = night.complaints().iter().filter(|it| it.ends_with("not a single run")).count();
    assert_eq!(idle, night.shares.len());
    assert!(night.complaints().iter().any(|it| it.contains("the canary v4.15+M04 was not found")));
    assert!(night.to_markdown().starts_with("# A red night\n"));
}

#[test]
fn a_night_without_time_is_red() {
    let night = spend(corpus_with(PLAIN).path(), Budget::Time(std::time::Duration::ZERO));
    assert_eq!(night.complaints().len(), night.shares.len() + 1);
}

#[test]
fn an_empty_corpus_makes_it_red() {
    let night = spend(tempfile::tempdir().unwrap().path(), NO_RUNS);
    assert_eq!(night.complaints()[0], "no case was replayed: the corpus is empty");
}

#[test]
fn a_file_that_is_no_case_ends_it() {
    let corpus = corpus_with("nonsense\n");
    let settings = Settings { budget: NO_RUNS, corpus: corpus.path().into(), seed: 1 };
    let error = night(&settings, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("this is not a case file"), "{error}");
}

#[test]
fn junit_counts_replays_and_campaigns() {
    let mut night = spend(corpus_with(PLAIN).path(), NO_RUNS);
    night.shares[0].totals.runs = 7;
    let report = Report::deserialize_from_str(&night.to_junit()).unwrap();
    let counts = report.test_suites.iter().map(|it| (it.name.as_str(), it.tests, it.failures));
    let releases = night.shares.len();
    let expected =
        [("replay", releases, 0), ("canary", 1, 1), ("campaign", releases, releases - 1)];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
}

#[test]
fn a_finding_is_in_all_reports() {
    let corpus = corpus_with(PLAIN);
    let mut night = spend(corpus.path(), NO_RUNS);
    let case = corpus::load(&corpus.path().join("case.mmreap")).unwrap();
    let case = Case { expect: Some(Expect::Fail(signature())), ..case };
    let headline = "use-after-free <in> exit_mmap".to_string();
    let name = corpus::file_name(&case, &signature());
    night.findings.push(finding(&case, headline));
    let directory = tempfile::tempdir().unwrap();
    night.write(directory.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read(&name), case.to_string());
    assert!(read("report.md").contains(&case.to_string()));
    let report = Report::deserialize_from_str(&read("junit.xml")).unwrap();
    assert_eq!(report.test_suites[2].failures, night.shares.len() + 1);
}

fn finding(case: &Case, headline: String) -> Finding {
    let (kernel, signature, case) = ("v4.14", signature(), case.clone());
    Finding { kernel, signature, headline, case }
}
