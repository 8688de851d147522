//! Nights: what makes them green and red, and what they write.
//!
//! Budgets are in runs, so that a night with the same seed is the same night on every machine. The canary's
//! is generous, because it stops when the canary is found.

use mmreap_cli::report::{junit, markdown, write};
use mmreap_harness::campaign::crosscheck::{Claim, Comparison, Subject, compare};
use mmreap_harness::campaign::nightly::{Budget, Finding, Night, Settings, night};
use mmreap_harness::case::parse::parse;
use mmreap_harness::case::{Case, Expect, Signature};
use mmreap_harness::corpus;
use mmreap_harness::deadline::Deadline;
use mmreap_harness::kernel::find;
use quick_junit::Report;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tempfile::TempDir;

/// Passes everywhere: nobody is ever short of memory.
const PLAIN: &str = "\
mmreap case 1
kernel v4.14

process victim
  thread main: exit

expect pass
";

const NO_RUNS: Budget = Budget::Runs { canary: 0, release: 0, claims: 0 };
const A_FEW: u64 = 300;
const A_FEW_RUNS: Budget = Budget::Runs { canary: 1_000_000, release: A_FEW, claims: 1 };

fn spend(corpus: &Path, budget: Budget) -> Night {
    let settings = Settings { budget, corpus: corpus.to_path_buf(), seed: 1 };
    night(&settings, Deadline::default(), &mut |_| ()).unwrap()
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
    assert!(first.canary_found && !first.is_green());
    assert!(!first.findings.is_empty(), "the corpus knows nothing, and every release has bugs");
    write(&first, corpus.path()).unwrap();
    let second = spend(corpus.path(), A_FEW_RUNS);
    assert_eq!(second.complaints(), Vec::<String>::new());
    assert!(second.is_green());
    assert!(second.replays.len() > first.replays.len());
    assert!(markdown(&second).starts_with("# A green night\n"));
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
    assert!(markdown(&night).starts_with("# A red night\n"));
}

#[test]
fn a_night_without_time_is_red() {
    let night = spend(corpus_with(PLAIN).path(), Budget::Time(Duration::ZERO));
    // The canary, the proofs, and each release.
    assert_eq!(night.complaints().len(), night.shares.len() + 2);
}

#[test]
fn an_empty_corpus_makes_it_red() {
    let night = spend(tempfile::tempdir().unwrap().path(), NO_RUNS);
    assert_eq!(night.complaints()[0], "no case was replayed: the corpus is empty");
}

/// Nonsense, nothing, and a link to a file that is gone.
#[test]
#[cfg(unix)]
fn files_that_are_no_cases_make_it_red_and_stop_nothing() {
    let corpus = corpus_with(PLAIN);
    let path = |name: &str| corpus.path().join(name);
    std::fs::write(path("nonsense.mmreap"), "nonsense\n").unwrap();
    std::fs::write(path("empty.mmreap"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling.mmreap")).unwrap();
    let night = spend(corpus.path(), NO_RUNS);
    assert_eq!(night.replays.len(), night.shares.len(), "the case that is one was replayed");
    for name in ["nonsense", "empty", "dangling"] {
        let about = |line: &&String| line.contains(&format!("{name}.mmreap"));
        assert_eq!(night.complaints().iter().filter(about).count(), 1, "{name}");
    }
    let report = Report::deserialize_from_str(&junit(&night)).unwrap();
    assert_eq!((report.test_suites[0].tests, report.test_suites[0].failures), (7, 3));
}

#[test]
fn a_night_that_is_called_off_reports_what_it_has_come_to() {
    let corpus = corpus_with(PLAIN);
    let settings = Settings { budget: A_FEW_RUNS, corpus: corpus.path().into(), seed: 1 };
    let enough = AtomicBool::new(false);
    // It is called off when the second release has its turn.
    let mut progress = |doing: &str| _ = enough.fetch_or(doing == "attacking v4.13", SeqCst);
    let night = night(&settings, Deadline::flag(&enough), &mut progress).unwrap();
    assert!(night.is_called_off && night.canary_found && !night.is_green());
    let kernels: Vec<_> = night.shares.iter().map(|share| share.kernel).collect();
    assert_eq!(kernels, ["v4.9", "v4.13"]);
    assert!(night.shares[0].totals.runs == A_FEW && night.shares[1].totals.runs < A_FEW);
    assert!(night.complaints().iter().all(|it| !it.contains("not a single run")));
    assert!(markdown(&night).contains("- interrupted after "));
    let report = Report::deserialize_from_str(&junit(&night)).unwrap();
    assert_eq!(report.test_suites[0].failures, 1, "the night did not end");
}

#[test]
fn a_night_is_not_longer_than_asked_for() {
    let time = Duration::from_secs(3);
    let night = spend(corpus_with(PLAIN).path(), Budget::Time(time));
    assert!(!night.findings.is_empty(), "there is something to minimise");
    assert!(night.took < time + Duration::from_secs(2), "{:?}", night.took);
}

#[test]
fn junit_counts_replays_and_campaigns() {
    let mut night = spend(corpus_with(PLAIN).path(), NO_RUNS);
    night.shares[0].totals.runs = 7;
    let report = Report::deserialize_from_str(&junit(&night)).unwrap();
    let counts = report.test_suites.iter().map(|it| (it.name.as_str(), it.tests, it.failures));
    let releases = night.shares.len();
    let expected = [
        ("replay", releases, 0),
        ("canary", 1, 1),
        ("campaign", releases, releases - 1),
        ("proof", 1, 1),
    ];
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
    write(&night, directory.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read(&name), case.to_string());
    assert!(read("report.md").contains(&case.to_string()));
    let report = Report::deserialize_from_str(&read("junit.xml")).unwrap();
    assert_eq!(report.test_suites[2].failures, night.shares.len() + 1);
}

/// Puts two claims about a case to the test, one of which is not so.
fn comparison() -> Comparison {
    let killed = "kernel v4.14\nprocess p1\n  vma v1 anon 1 page\n  thread t1:\n\
                  kthread k1\n  thread t1: get_task_mm p1; sysrq_f";
    let subject = |name: &str| Subject {
        case: parse(&format!("mmreap case 1\n{killed}")).unwrap(),
        revision: find(name).unwrap(),
        seed: 1,
    };
    let claimed = |_: &Subject, _: Deadline<'_>| Some(Claim { preemptions: None });
    let subjects = ["v4.14", "v4.15"].map(subject).into_iter();
    compare(subjects, claimed, u64::MAX, Deadline::default())
}

#[test]
fn a_contradiction_is_in_all_reports_and_makes_it_red() {
    let corpus = corpus_with(PLAIN);
    let mut night = spend(corpus.path(), NO_RUNS);
    night.comparison = comparison();
    let found = night.comparison.contradictions[0].found.raw();
    let signature = &night.comparison.contradictions[0].found.failure.signature;
    let line = format!("v4.14: proven clean, yet {signature} (");
    assert!(night.complaints().iter().any(|it| it.starts_with(&line)), "{:?}", night.complaints());
    let directory = tempfile::tempdir().unwrap();
    write(&night, directory.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read(&corpus::file_name(&found, signature)), found.to_string());
    let report = read("report.md");
    assert!(report.contains("\n2 proofs were compared with "), "{report}");
    assert!(report.contains(&found.to_string()));
    let report = Report::deserialize_from_str(&read("junit.xml")).unwrap();
    assert_eq!((report.test_suites[3].tests, report.test_suites[3].failures), (2, 1));
}

fn finding(case: &Case, headline: String) -> Finding {
    let (kernel, signature, case) = ("v4.14", signature(), case.clone());
    Finding { kernel, signature, headline, case }
}
