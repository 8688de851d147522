//! The command as a user meets it: exit codes, messages for wrong input, and that nothing is lost.

use snapbox::cmd::{Command, cargo_bin};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn mmreap() -> Command {
    Command::new(cargo_bin!("mmreap")).env("NO_COLOR", "1")
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus").join(name)
}

const B04: &str = "v4.14-o_vma_uaf-vma-oom_reap_task_mm-exit_mmap.mmreap";

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

/// Replays a file with the bytes, and returns exit code and standard error.
fn replay_bytes(bytes: &[u8]) -> (i32, String) {
    let directory = directory();
    fs::write(directory.path().join("case.mmreap"), bytes).unwrap();
    let command = mmreap().current_dir(directory.path()).args(["replay", "case.mmreap"]);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_typo_is_pointed_at() {
    let (code, message) = replay_bytes(b"mmreap case 1\nkernel v4.14\n\nproces victim\n");
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:4:1"), "{message}");
    assert!(message.contains("`process`"), "{message}");
}

#[test]
fn an_unknown_key_is_named_with_what_is_allowed() {
    let text = b"mmreap case 1\nkernel v4.14\nmachine frames 16 speed 3\n";
    let (code, message) = replay_bytes(text);
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:3:19"), "{message}");
    assert!(message.contains("`high`"), "{message}");
}

#[test]
fn a_mapping_that_does_not_exist_is_named() {
    let text = b"mmreap case 1\nkernel v4.14\n\nprocess victim\n  vma heap anon 2 pages\n  thread main: write heep\n";
    let (code, message) = replay_bytes(text);
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:6:22"), "{message}");
    assert!(message.contains("heap"), "{message}");
}

#[test]
fn an_unknown_kernel_is_pointed_at() {
    let (code, message) =
        replay_bytes(b"mmreap case 1\nkernel v4.41\n\nprocess victim\n  thread main:\n");
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:2:8"), "{message}");
    assert!(message.contains("did you mean `v4.14`"), "{message}");
}

#[test]
fn text_that_is_not_utf_8_is_refused_where_it_begins() {
    let (code, message) = replay_bytes(b"mmreap case 1\nkernel v4.14\n# \xff\xfe\n");
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:3:3"), "{message}");
    assert!(message.contains("UTF-8"), "{message}");
}

#[test]
fn ten_megabytes_of_noise_are_refused_in_one_short_message() {
    let noise: Vec<u8> =
        (0..10_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (code, message) = replay_bytes(&noise);
    assert_eq!(code, 2);
    assert!(message.len() < 2000, "{} bytes", message.len());
    assert!(message.contains("case.mmreap"), "{message}");
}

#[test]
fn a_truncated_file_is_refused_at_its_end() {
    let text = fs::read(corpus(B04)).unwrap();
    let cut = text.windows(6).position(|w| w == b"thread").unwrap() + 8;
    let (code, message) = replay_bytes(&text[..cut]);
    assert_eq!(code, 2);
    assert!(message.contains("case.mmreap:"), "{message}");
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let output = mmreap().args(["replay", "nowhere.mmreap"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read nowhere.mmreap"));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let good = corpus(B04);
    let output = mmreap().args(["replay", "nowhere.mmreap"]).arg(good).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("as expected"));
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_before_any_work() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let output = mmreap().args(["fuzz", "--runs", "100", "--corpus"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("cannot write to"), "{message}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a directory");
}

#[test]
fn an_output_that_cannot_be_written_is_shown_instead() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let output = mmreap().arg("minimize").arg(corpus(B04)).arg("--output").arg(file.join("small"));
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write"));
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("mmreap case 1"),
        "nothing is lost"
    );
}

#[test]
fn a_wrong_kernel_on_the_command_line_is_bad_usage() {
    let output = mmreap().args(["fuzz", "--kernel", "v4.51"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean"));
}

#[test]
fn fuzzing_finds_writes_and_replays() {
    let directory = directory();
    let args = ["fuzz", "--runs", "20000", "--seed", "1", "--first", "--json", "--corpus"];
    let output = mmreap().args(args).arg(directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = summary["found"][0]["file"].as_str().unwrap();
    let replay = mmreap().args(["replay", file]).output().unwrap();
    assert_eq!(replay.status.code(), Some(0));
}

/// Of a patch, what its release does as well is told from what is the patch's.
#[test]
fn what_a_patch_inherits_is_said() {
    let directory = directory();
    let args = ["fuzz", "--kernel", "v4.15+M04", "--runs", "4000", "--seed", "1", "--json"];
    let output = mmreap().args(args).arg("--corpus").arg(directory.path()).output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = summary["found"].as_array().unwrap();
    let is_its_own = |it: &&serde_json::Value| {
        it["signature"].as_str().unwrap().ends_with("__oom_reap_task_mm exit_mmap")
    };
    let (own, others): (Vec<_>, Vec<_>) = found.iter().partition(is_its_own);
    assert!(!own.is_empty() && own.iter().all(|it| it["is_inherited"] == false), "{own:#?}");
    assert!(
        !others.is_empty() && others.iter().all(|it| it["is_inherited"] == true),
        "{others:#?}"
    );
}

#[test]
fn what_is_known_is_not_found_again() {
    let directory = directory();
    let args = ["fuzz", "--runs", "3000", "--seed", "1", "--json", "--corpus"];
    let find = || {
        let output = mmreap().args(args).arg(directory.path()).output().unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = summary["found"].as_array().unwrap().iter();
        found.map(|found| found["signature"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let known = find();
    assert!(!known.is_empty());
    // The campaign goes on, and may find what it did not before.
    let new = find();
    assert!(new.iter().all(|signature| !known.contains(signature)), "{known:?}, then {new:?}");
}

/// What is new and what was known before are together what the directory has, and the text says no other numbers.
#[test]
fn a_campaign_counts_what_is_written_down() {
    let directory = directory();
    let run = |more: &[&str]| {
        let fuzz = mmreap().args(["fuzz", "--runs", "2000", "--seed", "1", "--corpus"]);
        fuzz.arg(directory.path()).args(more).output().unwrap()
    };
    let written = || {
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|it| it == "mmreap")).count() as u64
    };
    let mut before = 0;
    for jobs in ["1", "2"] {
        let output = run(&["--json", "--jobs", jobs]);
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = summary["found"].as_array().unwrap().len() as u64;
        assert_eq!(summary["known"], before + found, "{summary}");
        assert_eq!(summary["known"], written(), "{summary}");
        before = written();
    }
    assert!(before >= 3, "{before}");
    let text = String::from_utf8(run(&[]).stdout).unwrap();
    let found = written() - before;
    let last = text.lines().last().unwrap();
    assert!(last.contains(&format!(": {found} new failures of ")), "{last}");
    assert!(last.ends_with(&format!("; with older ones {} on v4.14", written())), "{last}");
}

#[test]
fn a_terminal_that_is_narrow_is_kept_to() {
    let width = |columns: &str, args: &[&str], file: Option<PathBuf>| {
        let output = mmreap().env("COLUMNS", columns).args(args).args(file).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!(width("50", &["kernels"], None) <= 50);
    assert!(width("50", &["explain"], Some(corpus(B04))) <= 50);
    assert!(width("60", &["replay", "--help"], None) <= 60);
    assert!(width("0", &["kernels"], None) > 100, "nobody says how wide");
    let directory = directory();
    let file = directory.path().join("why");
    let explain = mmreap().env("COLUMNS", "50").arg("explain").arg(corpus(B04));
    explain.arg("--output").arg(&file).output().unwrap();
    let lines = fs::read_to_string(file).unwrap();
    assert!(lines.lines().any(|line| line.len() > 60), "a file is as wide as always");
}

#[test]
fn a_thousand_replays_in_two_processes_have_one_event_log() {
    let run = || {
        let args = ["--kernel", "v4.14", "--log", "--repeat", "500"];
        let output = mmreap().arg("replay").arg(corpus(B04)).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "the logs of one process differ");
        output.stdout
    };
    let (one, other) = (run(), run());
    assert!(one.len() > 5_000, "the log is there");
    assert_eq!(one, other);
}

#[test]
fn a_case_that_passes_cannot_be_minimised() {
    let output =
        mmreap().arg("minimize").arg(corpus(B04)).args(["--kernel", "v4.15"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("passes on v4.15"));
}

#[test]
fn kernels_are_listed() {
    let output = mmreap().args(["kernels", "--json"]).output().unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names[..4], ["v4.9", "v4.13", "v4.14", "v4.15"]);
}

#[test]
fn a_sweep_fails_each_call_once() {
    let directory = directory();
    let file = directory.path().join("case.mmreap");
    let text = "mmreap case 1\nkernel v4.15\n\nprocess victim\n  vma heap anon 1 page\n  thread main: alloc 3; write_file heap\n";
    fs::write(&file, text).unwrap();
    let output = mmreap().arg("sweep").arg(&file).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{shown}");
    // Three fast-path allocations, each of which takes one more look at the free list when it fails, and
    // one copy from user space.
    assert!(shown.starts_with("4 calls failed"), "{shown}");
}

fn bench(args: &[&str]) -> std::process::Output {
    mmreap().arg("bench").args(args).output().unwrap()
}

#[test]
fn an_unknown_bug_or_arm_is_refused_with_the_nearest() {
    for (args, nearest) in [
        (["--bug", "B4"], "there is no bug `B4`; did you mean `B04`"),
        (["--arm", "stock-rndom"], "did you mean `stock-random`"),
    ] {
        let output = bench(&args);
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(nearest), "{message}");
    }
}

#[test]
fn a_bench_of_nothing_is_bad_usage() {
    for args in [["--seeds", "0"], ["--cap", "0"], ["--jobs", "0"]] {
        assert_eq!(bench(&args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_any_work() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    for (page, why) in [
        (directory.path().to_path_buf(), "is a directory"),
        (file.join("page.html"), "cannot write"),
    ] {
        let output = mmreap().args(["bench", "--html"]).arg(page).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_bench_is_the_same_whatever_the_number_of_jobs() {
    let directory = directory();
    let run = |jobs: &str| {
        let page = directory.path().join(jobs);
        let args = ["bench", "--bug", "B04", "--arm", "pos", "--seeds", "4", "--cap", "500"];
        let output = mmreap().args(args).args(["--json", "--jobs", jobs, "--html"]).arg(&page);
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        (output.stdout, fs::read(page).unwrap())
    };
    let (one, two) = (run("1"), run("2"));
    assert_eq!(one, two);
    let report: serde_json::Value = serde_json::from_slice(&one.0).unwrap();
    assert_eq!(report["bugs"][0]["arms"][0]["observations"].as_array().unwrap().len(), 4);
    assert_eq!(report["complete"], true);
}

fn prove(arguments: &[&str]) -> (i32, String) {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios/seed.mmreap");
    let output = mmreap().arg("prove").arg(scenario).args(arguments).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_proof_says_what_it_proved() {
    let (code, text) = prove(&["--kernel", "v4.15"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("v4.15: proven clean: "), "{text}");
    let (code, text) = prove(&["--preemptions", "0"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("v4.15: proven clean (preemptions <= 0): "), "{text}");
}

#[test]
fn a_proof_that_finds_something_shows_it_and_writes_it() {
    let directory = directory();
    let file = directory.path().join("found.mmreap");
    let (code, text) = prove(&["--kernel", "v4.14", "--output", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(text.contains("O-VMA-UAF vma __oom_reap_task_mm exit_mmap"), "{text}");
    assert!(text.contains("*** "), "{text}");
    let replay = mmreap().arg("replay").arg(&file).output().unwrap();
    assert_eq!(replay.status.code(), Some(0), "{replay:?}");
}

#[test]
fn a_proof_that_is_stopped_proves_nothing_and_says_what_to_try() {
    let (code, text) = prove(&["--budget", "10"]);
    assert_eq!(code, 3);
    assert!(text.contains("stopped after 10 runs") && text.contains("nothing proven"), "{text}");
    assert!(
        text.contains("\n  try `--budget 100`") && text.contains("`--preemptions 1`"),
        "{text}"
    );
    let (code, text) = prove(&["--budget", "10", "--preemptions", "1", "--json"]);
    assert_eq!(code, 3);
    let said: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&said["verdict"], &said["claim"]), (&"stopped".into(), &().into()));
    assert!(said["advice"].to_string().contains("`--preemptions 0`"), "{said}");
}

#[test]
fn a_proof_without_a_budget_runs_nothing() {
    let (code, text) = prove(&["--budget", "0"]);
    assert_eq!(code, 3);
    assert!(text.contains("stopped after 0 runs"), "{text}");
}

#[test]
fn a_bounded_proof_says_its_bound() {
    let claim = |bound| {
        let (code, text) = prove(&["--kernel", "v4.15", "--preemptions", bound, "--json"]);
        assert_eq!(code, 0);
        let said: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said["preemptions"].to_string(), bound);
        said["claim"].as_str().unwrap().to_string()
    };
    assert_eq!(claim("0"), "no schedule without a preemption fails");
    assert_eq!(claim("1"), "no schedule with at most 1 preemption fails");
}

#[test]
fn faults_that_no_case_can_hold_are_refused() {
    let command = mmreap().args(["prove", "--faults", "9"]).arg(corpus(B04)).output().unwrap();
    assert_eq!(command.status.code(), Some(2));
    let message = String::from_utf8_lossy(&command.stderr).into_owned();
    assert!(message.contains("9 faults") && message.contains("at most 8"), "{message}");
}

/// It fails with one preemption, as its note says.
#[test]
fn a_bounded_proof_finds_what_a_note_says() {
    let path = corpus("v4.14-o_pt_uaf-page_table-oom_reap_task_mm-exit_mmap.mmreap");
    let run = |bound| {
        let output = mmreap().args(["prove", "--preemptions", bound]).arg(&path).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run("0");
    assert!(
        code == Some(0) && text.starts_with("v4.14: proven clean (preemptions <= 0): "),
        "{text}"
    );
    let (code, text) = run("1");
    assert!(code == Some(1) && text.contains(" runs (preemptions <= 1): O-PT-UAF "), "{text}");
}

/// A note that somebody made up, or that another schedule had.
#[test]
fn an_explanation_does_not_repeat_a_note_that_its_run_contradicts() {
    let directory = directory();
    let file = directory.path().join("case.mmreap");
    let text = fs::read_to_string(corpus(B04)).unwrap();
    let forged = text.replace("minimal: 2 preemptions", "minimal: 7 preemptions");
    assert_ne!(forged, text);
    fs::write(&file, forged).unwrap();
    let output = mmreap().arg("explain").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" `run` lines\n") && !text.contains("7 preemptions"), "{text}");
}
