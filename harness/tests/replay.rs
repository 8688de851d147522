//! Replaying as a user meets it: what is said of a case that is not as it says, and of a corpus in disorder.
//!
//! `replay.txt` holds commands and what they print: after `=== NAME` the command, after each `+++ FILE` the text
//! of a file where it runs, after `---` its exit code, standard output and standard error.
//! `MMREAP_BLESS=1 cargo test` writes what is printed now; read the difference before committing it.

use snapbox::cmd::{Command, cargo_bin};
use std::fs;
use std::path::PathBuf;

#[test]
fn messages_are_as_in_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replay.txt");
    let table = fs::read_to_string(&path).expect("the table of messages");
    let rows: Vec<String> = table.split("=== ").skip(1).map(again).collect();
    assert!(rows.len() >= 26, "the table is cut: {} rows", rows.len());
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
    let (name, command) = parts.next().and_then(|it| it.split_once('\n')).expect("a command");
    let arguments =
        command.strip_prefix("$ mmreap ").unwrap_or_else(|| panic!("no command: {name}"));
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for (file, text) in parts.filter_map(|part| part.split_once('\n')) {
        fs::write(directory.path().join(file), format!("{text}\n")).unwrap();
    }
    let run = Command::new(cargo_bin!("mmreap")).env("NO_COLOR", "1");
    let run = run.current_dir(directory.path()).args(arguments.split(' ')).output().unwrap();
    let [out, err] = [run.stdout, run.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let code = run.status.code().expect("no signal");
    format!("=== {head}\n---\nexit code {code}\n{out}{}\n\n", err.trim_end())
}
