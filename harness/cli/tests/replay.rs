//! Replaying as a user meets it: what is said of a case that is not as it says, and of a corpus in disorder.
//!
//! `replay.txt` holds commands and what they print: after `=== NAME` the command; after each `+++ FILE` how a
//! file differs from [`CASE`], line by line (`-` what goes, `+` what comes instead), or its text if that is another
//! case; after `---` the exit code,
//! standard output and standard error. `MMREAP_BLESS=1 cargo test` writes what is printed now; read the
//! difference before committing it.

use mmreap_harness::case::parse::parse;
use snapbox::cmd::{Command, cargo_bin};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// The case that all others are made of.
const CASE: &str = "\
mmreap case 1
kernel v4.14

process p1
  vma v1 anon 1 page
  thread t1:

kthread k1
  thread t1: get_task_mm p1; sysrq_f

schedule in_order
  run oom_reaper until for_each_vma
  run k1

expect O-VMA-UAF vma __oom_reap_task_mm exit_mmap
on v4.15 pass
";

/// The name of its file in a corpus.
const NAME: &str = "v4.14-o_vma_uaf-vma-oom_reap_task_mm-exit_mmap.mmreap";

#[test]
fn messages_are_as_in_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replay.txt");
    let table = fs::read_to_string(&path).expect("the table of messages");
    let rows: Vec<String> = table.split("=== ").skip(1).map(again).collect();
    assert!(rows.len() >= 40, "the table is cut: {} rows", rows.len());
    let fresh = rows.concat();
    if std::env::var_os("MMREAP_BLESS").is_some() {
        fs::write(&path, fresh).expect("the table of messages can be written");
        return;
    }
    let difference = table.lines().zip(fresh.lines()).find(|(old, new)| old != new);
    assert!(table == fresh, "differs from tests/replay.txt at {difference:#?}");
}

/// One row of the table, with what is printed now.
fn again(row: &str) -> String {
    let (head, _) = row.split_once("\n---\n").expect("a row has a line `---`");
    let mut parts = head.split("\n+++ ");
    let command = parts.next().and_then(|it| it.split_once("\n$ mmreap ")).expect("a command").1;
    let files: Vec<_> = parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect();
    let directory = with_files(&files);
    let run = mmreap(&directory, command);
    let [out, err] = [run.stdout, run.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let code = run.status.code().expect("no signal");
    format!("=== {head}\n---\nexit code {code}\n{out}{}\n\n", err.trim_end())
}

fn with_files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for (file, difference) in files {
        fs::write(directory.path().join(file), changed(difference)).unwrap();
    }
    directory
}

fn mmreap(directory: &TempDir, command: &str) -> Output {
    let run = Command::new(cargo_bin!("mmreap")).env("NO_COLOR", "1").current_dir(directory.path());
    run.args(command.split(' ')).output().unwrap()
}

/// The case with other lines, or another case.
fn changed(difference: &str) -> String {
    if difference.starts_with("mmreap case") {
        return format!("{difference}\n");
    }
    let mut lines: Vec<&str> = CASE.lines().collect();
    let mut at = 0;
    for line in difference.lines() {
        if let Some(goes) = line.strip_prefix('-') {
            at = lines.iter().position(|line| *line == goes).unwrap_or_else(|| panic!("no {goes}"));
            lines.remove(at);
        } else {
            lines.insert(at, line.strip_prefix('+').unwrap_or_else(|| panic!("what is {line}?")));
            at += 1;
        }
    }
    lines.join("\n") + "\n"
}

/// The names of the files in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn nothing_is_changed_unless_it_is_asked_for() {
    let crooked = "-  run k1\n+ run  k1 # last";
    let directory = with_files(&[("a.mmreap", crooked), ("b.mmreap", "")]);
    for command in ["corpus dedup .", "corpus rename .", "corpus upgrade ."] {
        assert_eq!(mmreap(&directory, command).status.code(), Some(1), "{command}");
    }
    assert_eq!(names(directory.path()), ["a.mmreap", "b.mmreap"]);
    let text = fs::read_to_string(directory.path().join("a.mmreap")).unwrap();
    assert_eq!(text, changed(crooked));
}

#[test]
fn a_corpus_is_put_in_order() {
    let directory = with_files(&[
        ("a.mmreap", "-  run k1\n+ run  k1 # last\n+  run p1"),
        ("b.mmreap", "-kernel v4.14\n+# why\n+kernel v4.14 # which\n-  run k1\n+ run  k1 # last"),
        ("c.mmreap", "-  run k1\n+  run k1\n+  run p1"),
    ]);
    for command in ["dedup", "rename", "upgrade"] {
        let run = mmreap(&directory, &format!("corpus {command} . --apply"));
        assert_eq!(run.status.code(), Some(0), "{command}: {run:?}");
    }
    assert_eq!(names(directory.path()), [NAME]);
    let text = fs::read_to_string(directory.path().join(NAME)).unwrap();
    let noted = "# why\n# which\n# last\nkernel v4.14";
    assert_eq!(text, CASE.replace("kernel v4.14", noted), "the smallest stays, with its comments");
    assert_eq!(mmreap(&directory, "corpus check .").status.code(), Some(0));
}

#[test]
fn one_file_under_two_names_is_one_case() {
    let directory = with_files(&[("a.mmreap", "")]);
    let run = mmreap(&directory, "corpus dedup --apply . a.mmreap ./a.mmreap");
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(names(directory.path()), ["a.mmreap"]);
}

#[test]
fn a_name_that_is_taken_is_not_given() {
    let directory = with_files(&[("a.mmreap", ""), (NAME, "-  run k1\n+  run k1\n+  run p1")]);
    let run = mmreap(&directory, "corpus rename --apply .");
    assert_eq!(run.status.code(), Some(1));
    assert_eq!(names(directory.path()), ["a.mmreap", NAME]);
    let taken = fs::read_to_string(directory.path().join(NAME)).unwrap();
    assert!(parse(&taken).unwrap().schedule.segments.len() == 3, "it is what it was");
}

#[test]
fn mutants_are_in_the_table_if_asked_for() {
    let directory = with_files(&[("a.mmreap", "")]);
    let run = mmreap(&directory, "replay --all-kernels --mutants a.mmreap");
    let table = String::from_utf8(run.stdout).unwrap();
    assert!(
        table.contains("  v4.15+M04   O-VMA-UAF vma __oom_reap_task_mm exit_mmap\n"),
        "{table}"
    );
    assert_eq!(run.status.code(), Some(1), "what fails and is not expected is found");
}
