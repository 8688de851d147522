//! What the README shows is what the commands print, and what the ledger says.
//!
//! A block between `<!-- generated: COMMAND -->` and `<!-- end -->` holds a fence with the command's output, or the
//! limits that the ledger names; `MMREAP_BLESS=1 cargo test` rewrites it.

#[path = "../../tests/ledger/mod.rs"]
mod ledger;

use ledger::{limits, root};
use snapbox::cmd::{Command, cargo_bin};

/// What the command of a block prints; `mmreap …`, `cat FILE` and `example NAME` are known.
fn output(command: &str) -> String {
    let mut words = command.split_whitespace();
    let read =
        |file: String| std::fs::read_to_string(root().join(file)).expect("the file can be read");
    match words.next() {
        Some("cat") => read(words.next().expect("cat names a file").to_string()),
        Some("example") => {
            let name = words.next().expect("an example has a name");
            // What it prints a test of the harness holds.
            read(format!("harness/tests/examples/{name}.txt"))
        }
        Some("mmreap") => {
            let run = Command::new(cargo_bin!("mmreap")).current_dir(root()).args(words);
            String::from_utf8(run.output().expect("the command runs").stdout).expect("UTF-8")
        }
        other => panic!("the README asks for an unknown command: {other:?}"),
    }
}

/// The block's text: the fence, the line that a reader types, and what it prints; or the limits.
fn block(command: &str) -> String {
    if command == "limits docs/fidelity.md" {
        return limits();
    }
    let shown = output(command);
    let console = |what: String| format!("```console\n$ cargo run --release {what}\n{shown}```\n");
    match command.split_once(' ') {
        Some(("mmreap", arguments)) => console(format!("-- {arguments}")),
        Some(("example", name)) => console(format!("-p mmreap-harness --example {name}")),
        _ if command.ends_with(".rs") => format!("```rust\n{shown}```\n"),
        _ => format!("```text\n{shown}```\n"),
    }
}

fn regenerate(text: &str) -> String {
    let mut fresh = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("<!-- generated: ") {
        let head = start + rest[start..].find("-->\n").expect("the mark is closed") + 4;
        let end = rest.find("<!-- end -->").expect("the block is closed");
        let command = rest[start..head].trim_start_matches("<!-- generated: ").trim_end();
        fresh += &rest[..head];
        fresh += &block(command.trim_end_matches("-->").trim_end());
        fresh += "<!-- end -->";
        rest = &rest[end + "<!-- end -->".len()..];
    }
    fresh + rest
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("there is a README");
    let fresh = regenerate(&text);
    if std::env::var_os("MMREAP_BLESS").is_some() {
        std::fs::write(&path, fresh).expect("the README can be written");
        return;
    }
    assert_eq!(text, fresh, "run MMREAP_BLESS=1 cargo test");
}
