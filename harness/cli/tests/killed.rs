//! Campaigns that are killed, at any moment and without a warning, and started again.
//!
//! Nothing here depends on when exactly a process dies: whatever the moment, the directory has to be whole.

#![cfg(unix)]

use mmreap_harness::campaign::state::{self, State};
use mmreap_harness::case::parse::parse_bytes;
use mmreap_harness::corpus;
use mmreap_harness::schedule::derive_seed;
use snapbox::cmd::cargo_bin;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const KERNEL: &str = "v4.14";

/// A campaign on the directory, whose output nobody reads.
fn campaign(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("mmreap"));
    command.args(["fuzz", "--kernel", KERNEL, "--json", "--corpus"]).arg(directory).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    command
}

fn kill(mut child: Child) {
    child.kill().expect("the campaign can be killed");
    child.wait().expect("the campaign was started here");
}

fn queue(directory: &Path) -> PathBuf {
    directory.join("queue").join(KERNEL)
}

/// The case files of the directory and its queue, with their bytes.
fn cases(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let places = [directory.to_path_buf(), queue(directory)];
    let files = places.iter().flat_map(|place| corpus::list(place).unwrap());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn states(directory: &Path) -> impl Iterator<Item = State> {
    let states: Vec<_> = state::all(&queue(directory)).collect();
    states.into_iter().map(|state| state.expect("a state appears whole"))
}

/// Runs that the states of the directory know of.
fn runs(directory: &Path) -> u64 {
    states(directory).map(|state| state.totals.runs).sum()
}

/// Features that they know of.
fn features(directory: &Path) -> u32 {
    states(directory).map(|state| state.map().count()).max().unwrap_or(0)
}

/// Everything that was there before is there now, and everything that is there is whole. Findings may have
/// become smaller; what was kept has the name of its content.
fn assert_whole(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) {
    for (path, text) in after {
        assert!(parse_bytes(text).is_ok(), "{} is no case", path.display());
    }
    for (path, text) in before {
        let now = after.get(path).unwrap_or_else(|| panic!("{} is gone", path.display()));
        let is_kept = path.parent().is_some_and(|place| place.ends_with(KERNEL));
        assert!(!is_kept || now == text, "{} is another case", path.display());
    }
}

/// Deaths, most of them within the first 120 ms of a campaign: it is starting, reading the queue, running or writing.
/// Every third is allowed to keep one more case first, however slow the machine is.
#[test]
fn nothing_is_lost_when_it_is_killed_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let (mut before, mut runs_before) = (BTreeMap::new(), 0);
    for death in 0..30 {
        let child = campaign(directory.path(), &["--time", "1h"]).spawn().unwrap();
        if death % 3 == 2 {
            wait_until("a case is kept", || cases(directory.path()).len() > before.len());
        }
        sleep(Duration::from_micros(derive_seed(7, death) % 120_000));
        kill(child);
        let after = cases(directory.path());
        assert_whole(&before, &after);
        assert!(runs(directory.path()) >= runs_before, "runs were forgotten");
        (before, runs_before) = (after, runs(directory.path()));
    }
    assert!(before.len() >= 10, "only {} cases survived", before.len());
    let known = features(directory.path());
    let output = campaign(directory.path(), &["--runs", "500"]).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    assert_whole(&before, &cases(directory.path()));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(summary["features"].as_u64().unwrap() >= u64::from(known), "features were forgotten");
    assert_eq!(runs(directory.path()), runs_before + summary["runs"].as_u64().unwrap());
}

/// What was half written is not taken for a case, and does not stay for ever.
#[test]
fn leftovers_are_no_cases() {
    let directory = tempfile::tempdir().unwrap();
    campaign(directory.path(), &["--runs", "100"]).output().unwrap();
    let leftovers = [".mmreap-a", ".mmreap-b"].map(|name| queue(directory.path()).join(name));
    for path in &leftovers {
        fs::write(path, "mmreap case 1\nker").unwrap();
    }
    let long_ago = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    fs::File::options().write(true).open(&leftovers[0]).unwrap().set_times(long_ago).unwrap();
    let output = campaign(directory.path(), &["--runs", "100"]).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    assert!(!leftovers[0].exists(), "nobody writes it any more");
    assert!(leftovers[1].exists(), "somebody may be writing it");
}

/// Whatever of the queue is unreadable after a power failure is skipped.
#[test]
fn an_empty_file_does_not_stop_a_campaign() {
    let directory = tempfile::tempdir().unwrap();
    campaign(directory.path(), &["--runs", "100"]).output().unwrap();
    fs::write(queue(directory.path()).join("0000000000000000.mmreap"), "").unwrap();
    let output = campaign(directory.path(), &["--runs", "100"]).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
}

/// With one job, one seed and one number of runs, directories become equal byte for byte.
#[test]
fn one_job_follows_from_its_seed() {
    let files = |seed: &str| {
        let directory = tempfile::tempdir().unwrap();
        campaign(directory.path(), &["--runs", "1000", "--seed", seed]).output().unwrap();
        let state = fs::read(queue(directory.path()).join("worker-0.json")).unwrap();
        let cases = cases(directory.path()).into_iter();
        let named = cases.map(|(path, text)| (path.file_name().unwrap().to_owned(), text));
        (named.collect::<BTreeMap<_, _>>(), state)
    };
    let first = files("3");
    assert!(first.0.len() > 20);
    assert!(files("3") == first);
    assert!(files("4") != first);
}

/// The processes that a process started.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    list.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < patience, "{what}: not within a minute");
        sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
fn send(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// One worker of two dies: that is said, and the other one does its share.
#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_dies_is_missed_and_takes_nothing_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--jobs", "2", "--runs", "6000", "--seed", "1"];
    let team = campaign(directory.path(), &arguments).spawn().unwrap();
    wait_until("both workers write", || states(directory.path()).count() == 2);
    let before = cases(directory.path());
    send("-KILL", children(team.id())[0]);
    let output = team.wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("worker 1 died: signal: 9"), "{complaint}");
    assert!(output.status.code().is_some_and(|code| code < 2));
    assert_whole(&before, &cases(directory.path()));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["workers_lost"], 1);
    assert!(summary["runs"].as_u64().unwrap() >= 3000, "{summary}");
}

/// Ctrl-C to the parent alone, and the parent's death, end all workers.
#[test]
#[cfg(target_os = "linux")]
fn workers_end_with_their_parent() {
    for signal in ["-INT", "-KILL"] {
        let directory = tempfile::tempdir().unwrap();
        let team = campaign(directory.path(), &["--jobs", "2", "--time", "1h"]).spawn().unwrap();
        wait_until("two workers start", || children(team.id()).len() == 2);
        let workers = children(team.id());
        send(signal, team.id());
        team.wait_with_output().unwrap();
        let gone = |pid: &u32| !Path::new(&format!("/proc/{pid}/exe")).exists();
        wait_until("the workers end", || workers.iter().all(gone));
    }
}

/// A process and its group are told to stop at once: that is one Ctrl-C, and the campaign ends in good order.
#[test]
#[cfg(target_os = "linux")]
fn signals_that_come_together_are_one() {
    let directory = tempfile::tempdir().unwrap();
    let child = campaign(directory.path(), &["--time", "1h"]).spawn().unwrap();
    wait_until("it is at work", || states(directory.path()).count() == 1);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid, &pid, &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(runs(directory.path()), summary["runs"].as_u64().unwrap());
}

/// A night that is interrupted writes its report all the same.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupted_night_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let corpus = directory.path().join("corpus");
    fs::create_dir(&corpus).unwrap();
    fs::write(corpus.join("case.mmreap"), "mmreap case 1\nkernel v4.15\nprocess p\n  thread t:\n")
        .unwrap();
    let mut command = Command::new(cargo_bin!("mmreap"));
    command.current_dir(directory.path()).args(["nightly", "--time", "1h", "--report", "night"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("it begins", || directory.path().join("night").exists());
    sleep(Duration::from_secs(1));
    send("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(1 | 3)), "{output:?}");
    let read = |name: &str| fs::read_to_string(directory.path().join("night").join(name)).unwrap();
    assert!(read("report.md").contains("- interrupted after "), "{}", read("report.md"));
    assert!(read("junit.xml").contains("interrupted after "), "{}", read("junit.xml"));
}

/// What is no case among the findings is told once, however many workers meet it, and kills none of them.
#[test]
fn a_damaged_file_is_told_once_by_a_team() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("empty.mmreap"), "").unwrap();
    let output = campaign(directory.path(), &["--jobs", "2", "--runs", "200"]).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint.matches("empty.mmreap").count(), 1, "{complaint}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["workers_lost"], &summary["runs"]), (&0.into(), &200.into()), "{summary}");
}

/// Two workers report a failure once, and write one file for it.
#[test]
fn a_team_reports_each_failure_once() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--jobs", "2", "--runs", "2000", "--seed", "1"];
    let output = campaign(directory.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut signatures: Vec<_> =
        summary["found"].as_array().unwrap().iter().map(|it| it["signature"].to_string()).collect();
    let files = corpus::list(directory.path()).unwrap();
    assert_eq!(signatures.len(), files.len());
    signatures.sort();
    signatures.dedup();
    assert_eq!(signatures.len(), files.len());
    assert_eq!(summary["runs"], 2000, "{summary}");
}
