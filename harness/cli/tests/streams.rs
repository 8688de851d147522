//! Where what is read comes from and where what is written goes, as a user meets it: `-`, devices, pipes, links,
//! directories, and places where nothing can be written any more.
#![cfg(target_os = "linux")]

use serde_json::Value;
use snapbox::cmd::cargo_bin;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const B04: &str = "v4.14-o_vma_uaf-vma-oom_reap_task_mm-exit_mmap.mmreap";

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus").join(name)
}

fn mmreap(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("mmreap"));
    command.env("NO_COLOR", "1").env_remove("COLUMNS").args(arguments).stdin(Stdio::null());
    command
}

fn minimize() -> Command {
    let mut command = mmreap(&["minimize"]);
    command.arg(corpus(B04));
    command
}

/// What minimising the case prints: the case itself, which is minimal.
fn small() -> Vec<u8> {
    fs::read(corpus(B04)).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("a signal ended it: {output:?}"))
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn a_pipe_is_written_through() {
    let directory = directory();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = minimize().arg("--output").arg(&pipe).stderr(Stdio::null()).spawn().unwrap();
    // If the pipe were replaced, nobody would ever open this end, and opening the other one would wait for ever.
    let mut reader = File::options().read(true).write(true).open(&pipe).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    let mut read = vec![0; small().len()];
    reader.read_exact(&mut read).unwrap();
    assert_eq!(words(&read), words(&small()));
}

#[test]
fn a_link_is_followed_and_stays() {
    let directory = directory();
    let place = |name: &str| directory.path().join(name);
    fs::create_dir(place("elsewhere")).unwrap();
    fs::write(place("elsewhere/old"), "old").unwrap();
    fs::set_permissions(place("elsewhere/old"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("elsewhere/old", place("one")).unwrap();
    symlink("one", place("two")).unwrap();
    symlink("elsewhere/new", place("dangling")).unwrap();
    for (link, target) in [("two", "elsewhere/old"), ("dangling", "elsewhere/new")] {
        let output = minimize().arg("--output").arg(place(link)).output().unwrap();
        assert_eq!(code(&output), 0, "{output:?}");
        assert!(fs::symlink_metadata(place(link)).unwrap().is_symlink());
        assert_eq!(fs::read(place(target)).unwrap(), small());
    }
    let rights = fs::metadata(place("elsewhere/old")).unwrap().permissions();
    assert_eq!(rights.mode() & 0o777, 0o640, "who might not read it before may not now");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4, "nothing is left over");
}

#[test]
fn links_in_a_ring_are_refused() {
    let directory = directory();
    let ring = directory.path().join("ring");
    symlink("ring", &ring).unwrap();
    let output = minimize().arg("--output").arg(&ring).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(words(&output.stderr).contains("cannot write"), "{output:?}");
}

#[test]
fn a_case_of_a_corpus_that_is_a_link_stays_one() {
    let directory = directory();
    let (link, target) = (directory.path().join("a.mmreap"), directory.path().join("target"));
    fs::write(&target, words(&small()).replace("  run k1 until", " run  k1 until")).unwrap();
    symlink("target", &link).unwrap();
    for command in ["upgrade", "rename"] {
        let mut tidy = mmreap(&["corpus", command, "--apply"]);
        assert_eq!(code(&tidy.arg(directory.path()).output().unwrap()), 0);
    }
    assert_eq!(fs::read(&target).unwrap(), small());
    assert_eq!(fs::read_link(directory.path().join(B04)).unwrap(), Path::new("target"));
    assert!(!link.exists());
}

#[test]
fn a_dash_is_standard_output() {
    let directory = directory();
    let commands = [
        ("minimize", vec!["--output", "-"]),
        ("minimize", vec!["--output", "/dev/stdout"]),
        ("explain", vec!["--output", "-"]),
        ("prove", vec!["--output", "-"]),
    ];
    for (command, arguments) in commands {
        let mut run = mmreap(&[command]);
        run.arg(corpus(B04)).args(&arguments).current_dir(directory.path());
        let output = run.output().unwrap();
        let first = if command == "explain" { "BUG: mmreap: " } else { "mmreap case 1\n" };
        assert!(words(&output.stdout).starts_with(first), "{command}: {output:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{command} made a file");
    }
}

#[test]
fn what_is_in_a_file_that_is_standard_output_stays() {
    let directory = directory();
    let log = directory.path().join("log");
    fs::write(&log, "before\n").unwrap();
    let append = || File::options().append(true).open(&log).unwrap();
    for output in ["-", "/dev/stdout", log.to_str().unwrap()] {
        let run = minimize().args(["--output", output]).stdout(append()).output().unwrap();
        assert_eq!(code(&run), 0);
    }
    assert_eq!(words(&fs::read(&log).unwrap()), format!("before\n{}", words(&small()).repeat(3)));
}

#[test]
fn data_and_a_case_do_not_go_to_one_place() {
    for command in ["minimize", "prove"] {
        let mut run = mmreap(&[command, "--json", "--output", "-"]);
        let output = run.arg(corpus(B04)).output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(
            words(&output.stderr).contains("both mean standard output; name a file"),
            "{output:?}"
        );
    }
}

#[test]
fn a_dash_is_no_directory() {
    let directory = directory();
    let commands: [&[&str]; 3] = [
        &["fuzz", "--runs", "10", "--corpus", "-"],
        &["minimize", "--others", "-"],
        &["corpus", "rename", "-"],
    ];
    for command in commands {
        let file = (command[0] == "minimize").then(|| corpus(B04));
        let output = mmreap(command).args(file).current_dir(directory.path()).output().unwrap();
        assert_eq!(code(&output), 2, "{output:?}");
        assert!(words(&output.stderr).contains("is standard "), "{output:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{command:?}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    for command in ["replay", "explain", "minimize", "prove", "sweep"] {
        let mut run = mmreap(&[command, "-"]);
        run.stdin(File::open(corpus(B04)).unwrap());
        let (piped, named) = (run.output().unwrap(), mmreap(&[command]).arg(corpus(B04)).output());
        let named = named.unwrap();
        assert_eq!(code(&piped), code(&named), "{command}");
        let path = corpus(B04).display().to_string();
        assert_eq!(words(&piped.stdout), words(&named.stdout).replace(&path, "<stdin>"));
    }
    let mut typo =
        mmreap(&["replay", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    typo.stdin.take().unwrap().write_all(b"mmreap case 1\nkernal v4.14\n").unwrap();
    assert!(words(&typo.wait_with_output().unwrap().stderr).contains("<stdin>:2:1"));
    assert_eq!(code(&mmreap(&["corpus", "check", "-"]).output().unwrap()), 2);
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn a_full_standard_output_is_said_once() {
    let file = corpus(B04);
    let file = file.to_str().unwrap();
    let commands: [&[&str]; 8] = [
        &["kernels"],
        &["kernels", "--json"],
        &["replay", file],
        &["explain", file],
        &["minimize", file, "--output", "-"],
        &["prove", file, "--json"],
        &["corpus", "check", file],
        &["--help"],
    ];
    for command in commands {
        let output = mmreap(command).stdout(full()).output().unwrap();
        assert_eq!(code(&output), 2, "{command:?}");
        let said = words(&output.stderr);
        assert!(
            said.starts_with("error: cannot write to standard output: No space left"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_full_standard_error_changes_no_exit_code() {
    let file = corpus(B04);
    let file = file.to_str().unwrap();
    for (command, expected) in [
        (vec!["replay", "nowhere"], 2),
        (vec!["replay", file, "--nonsense"], 2),
        (vec!["minimize", file], 0),
        (vec!["explain", file, "--kernel", "v4.15"], 1),
    ] {
        let output = mmreap(&command).stderr(full()).output().unwrap();
        assert_eq!(code(&output), expected, "{command:?}");
    }
}

#[test]
fn nobody_who_reads_is_no_reason_to_complain() {
    let mut child = mmreap(&["replay", "--log"]);
    child.arg(corpus("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 141);
    assert_eq!(words(&output.stderr), "");
}

#[test]
fn names_that_are_no_text_are_written_as_far_as_they_are() {
    let directory = directory();
    let file = directory.path().join(OsStr::from_bytes(b"\xff\x1b[31m.mmreap"));
    fs::write(&file, small()).unwrap();
    let run = |arguments: &[&str]| mmreap(arguments).arg(&file).output().unwrap();
    let json = run(&["replay", "--json"]);
    let lines: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert!(lines[0]["file"].as_str().unwrap().ends_with("\u{fffd}\\u{1b}[31m.mmreap"), "{lines}");
    for arguments in [
        &["replay"][..],
        &["explain", "--kernel", "v4.15"],
        &["minimize", "--kernel", "v4.15"],
        &["corpus", "check"],
        &["corpus", "rename"],
    ] {
        let output = run(arguments);
        let (said, printed) = (words(&output.stderr), words(&output.stdout));
        assert!(!said.contains('\x1b') && !printed.contains('\x1b'), "{said}{printed}");
        assert!(said.contains("\\u{1b}[31m") || printed.contains("\\u{1b}[31m"), "{said}{printed}");
    }
}

#[test]
fn a_campaign_has_a_directory_whose_name_is_no_text() {
    let directory = directory();
    let findings = directory.path().join(OsStr::from_bytes(b"f\xff"));
    for jobs in ["1", "2"] {
        let mut fuzz = mmreap(&["fuzz", "--json", "--seed", "1", "--runs", "3000", "--jobs", jobs]);
        let output = fuzz.arg("--corpus").arg(&findings).output().unwrap();
        assert!(code(&output) < 2, "{output:?}");
        assert_eq!(words(&output.stderr), "");
        let _: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    }
    assert!(fs::read_dir(&findings).unwrap().count() > 1);
}

#[test]
fn an_event_log_is_among_the_data() {
    let output = mmreap(&["replay", "--json", "--log"]).arg(corpus(B04)).output().unwrap();
    let lines: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    let log = lines[0]["log"].as_array().unwrap();
    let text = mmreap(&["replay", "--log", "--kernel", "v4.14"]).arg(corpus(B04)).output().unwrap();
    assert!(log.len() > 100);
    let first = words(&text.stdout);
    assert!(log.iter().zip(first.lines()).all(|(a, b)| a == b), "{first}");
}

#[test]
fn no_more_is_read_than_a_case_can_be_long() {
    let output = mmreap(&["replay", "/dev/zero"]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(words(&output.stderr).contains("a case has at most 65536 bytes"), "{output:?}");
}

/// A directory with a good case, and with files that are none.
fn with_bad_files() -> TempDir {
    let directory = directory();
    let place = |name: &str| directory.path().join(name);
    fs::write(place(B04), small()).unwrap();
    fs::write(place("broken.mmreap"), &small()[..100]).unwrap();
    fs::write(place("empty.mmreap"), "").unwrap();
    fs::write(place("none.txt"), "not looked at").unwrap();
    fs::create_dir(place("inner.mmreap")).unwrap();
    symlink("nowhere", place("dangling.mmreap")).unwrap();
    directory
}

#[test]
fn bad_files_of_a_directory_are_reported_once_and_the_others_are_used() {
    for (command, done) in [
        (vec!["replay"], "v4.14 O-VMA-UAF vma __oom_reap_task_mm exit_mmap, as expected"),
        (vec!["corpus", "check"], "cases: 1, complaints: 4"),
        (vec!["corpus", "dedup", "--apply"], ""),
        (vec!["corpus", "rename", "--apply"], ""),
        (vec!["corpus", "upgrade", "--apply"], ""),
    ] {
        let directory = with_bad_files();
        let output = mmreap(&command).arg(directory.path()).output().unwrap();
        assert_eq!(code(&output), 2, "{command:?}");
        assert!(words(&output.stdout).contains(done), "{output:?}");
        let said = words(&output.stderr);
        for bad in ["broken.mmreap", "empty.mmreap", "inner.mmreap", "dangling.mmreap"] {
            assert_eq!(said.matches(bad).count(), 1, "{command:?}: {said}");
        }
        assert_eq!(said.matches("error: ").count(), 4, "{said}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 6, "nothing goes");
    }
}

#[test]
fn one_case_is_no_directory() {
    for command in ["explain", "minimize", "prove", "sweep"] {
        let output = mmreap(&[command]).arg(corpus("")).output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(words(&output.stderr).contains("it is a directory; this takes a case file"));
    }
    let empty = directory();
    let output = mmreap(&["replay"]).arg(empty.path()).output().unwrap();
    assert_eq!(code(&output), 2, "nothing that was replayed is as expected");
    assert!(words(&output.stderr).contains("there is no *.mmreap in"), "{output:?}");
}

#[test]
fn a_limit_of_the_system_is_said_in_one_line() {
    let directory = directory();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 10; exec \"$0\" fuzz --jobs 8 --runs 100 --corpus \"$1\""]);
    let output = shell.arg(cargo_bin!("mmreap")).arg(directory.path()).output().unwrap();
    assert_eq!(code(&output), 2);
    let said = words(&output.stderr);
    assert!(
        said.starts_with("error: cannot start a worker: ") && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn jobs_are_bounded() {
    for command in ["fuzz", "bench"] {
        for jobs in ["0", "257", "99999999999"] {
            let output = mmreap(&[command, "--jobs", jobs]).output().unwrap();
            assert_eq!(code(&output), 2);
            assert!(words(&output.stderr).contains("not in 1..=256"), "{output:?}");
        }
    }
}
