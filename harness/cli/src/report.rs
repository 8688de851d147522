//! The report of a night: Markdown for people, JUnit for machines, cases for the corpus.
//!
//! Markdown says first what somebody has to look at, and shows a new failure with its whole case. JUnit has
//! one test for each case and kernel and one for each campaign, so that a dashboard counts them.

use mmreap_harness::campaign::crosscheck::{Comparison, Contradiction};
use mmreap_harness::campaign::nightly::{CANARY, Finding, Night, Share};
use mmreap_harness::corpus::{self, CorpusError};
use mmreap_harness::minimize::fits;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::path::Path;

/// Writes `report.md`, `junit.xml` and the new cases into a directory. A case whose schedule nobody had time to
/// make short enough for a file is in the report only.
pub fn write(night: &Night, directory: &Path) -> Result<(), CorpusError> {
    corpus::check_writable(directory)?;
    for finding in night.findings.iter().filter(|finding| fits(&finding.case)) {
        let file = corpus::place(directory, &finding.case, &finding.signature);
        corpus::write(&file, &finding.case.to_string())?;
    }
    for Contradiction { found, .. } in &night.comparison.contradictions {
        let case = found.raw();
        let file = corpus::place(directory, &case, &found.failure.signature);
        corpus::write(&file, &case.to_string())?;
    }
    corpus::write(&directory.join("junit.xml"), &junit(night))?;
    corpus::write(&directory.join("report.md"), &markdown(night))
}

/// The report for people.
pub fn markdown(night: &Night) -> String {
    let color = night.color();
    let article = if color == "interrupted" { "An" } else { "A" };
    let complaints = night.interruption().into_iter().chain(night.complaints());
    let complaints: String = complaints.map(|it| format!("- {it}\n")).collect();
    let rows: String = night.shares.iter().chain([&night.canary]).map(row).collect();
    let Comparison { claims, runs, contradictions } = &night.comparison;
    let contradictions: String = contradictions.iter().map(contradiction).collect();
    let findings: String = night.findings.iter().map(section).collect();
    format!(
        "# {article} {color} night\n\nSeed {}, {} replays, {:.0} s.\n\n{complaints}\n\
         | kernel | cases | runs | runs/s | failing |\n|---|--:|--:|--:|--:|\n{rows}\n\
         {claims} proofs were compared with {runs} runs.\n{contradictions}{findings}",
        night.seed,
        night.replays.len(),
        night.took.as_secs_f64(),
    )
}

/// The report for machines.
pub fn junit(night: &Night) -> String {
    let mut report = Report::new("mmreap nightly");
    report.set_time(night.took);
    report.add_test_suites([
        replay_suite(night),
        canary_suite(night),
        campaign_suite(night),
        proof_suite(night),
    ]);
    report.to_string().expect("a report can be written to memory")
}

fn replay_suite(night: &Night) -> TestSuite {
    let mut suite = TestSuite::new("replay");
    for replay in &night.replays {
        let complaint = (!replay.is_expected).then(|| replay.complaint());
        let name = format!("{} on {}", replay.file, replay.kernel);
        suite.add_test_case(test(&name, complaint, None));
    }
    for (file, why) in &night.broken {
        suite.add_test_case(test(&format!("{file} is a case"), Some(why.clone()), None));
    }
    if let Some(interruption) = night.interruption() {
        suite.add_test_case(test("the night ends", Some(interruption), None));
    }
    suite
}

fn canary_suite(night: &Night) -> TestSuite {
    let mut suite = TestSuite::new("canary");
    let mut case = test(CANARY, night.canary_complaint(), None);
    case.set_time(night.canary.took);
    suite.add_test_case(case);
    suite
}

fn campaign_suite(night: &Night) -> TestSuite {
    let mut suite = TestSuite::new("campaign");
    for share in &night.shares {
        let complaint = night.is_idle(share).then(|| "not a single run".to_string());
        let mut case = test(&format!("{} runs", share.kernel), complaint, None);
        case.set_time(share.took);
        suite.add_test_case(case);
    }
    for finding in &night.findings {
        let name = format!("{} {}", finding.kernel, finding.signature);
        let text = Some(finding.case.to_string());
        suite.add_test_case(test(&name, Some(finding.headline.clone()), text));
    }
    suite
}

fn proof_suite(night: &Night) -> TestSuite {
    let mut suite = TestSuite::new("proof");
    let Comparison { claims, runs, contradictions } = &night.comparison;
    let name = format!("{claims} proofs, {runs} runs");
    suite.add_test_case(test(&name, night.proof_complaint(), None));
    for it in contradictions {
        let name = format!("{} {}", it.kernel, it.found.failure.signature);
        let text = Some(it.found.raw().to_string());
        suite.add_test_case(test(&name, Some(it.complaint()), text));
    }
    suite
}

/// A test that passed, unless there is a complaint.
fn test(name: &str, complaint: Option<String>, text: Option<String>) -> TestCase {
    let Some(message) = complaint else {
        return TestCase::new(name, TestCaseStatus::success());
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    if let Some(text) = text {
        status.set_description(text);
    }
    TestCase::new(name, status)
}

fn row(share: &Share) -> String {
    let totals = share.totals;
    let rate = totals.runs as f64 / share.took.as_secs_f64().max(f64::MIN_POSITIVE);
    let (kernel, cases, runs, failures) =
        (share.kernel, totals.cases, totals.runs, totals.failures);
    format!("| {kernel} | {cases} | {runs} | {rate:.0} | {failures} |\n")
}

fn contradiction(it: &Contradiction) -> String {
    let (kernel, claim, signature) = (it.kernel, it.claim, &it.found.failure.signature);
    format!("\n## {signature} on {kernel}, {claim}\n\n```\n{}```\n", it.found.raw())
}

fn section(finding: &Finding) -> String {
    let Finding { kernel, signature, headline, case } = finding;
    format!("\n## {signature} on {kernel}\n\n{headline}\n\n```\n{case}```\n")
}
