//! The programs in `examples/` print what is checked in; `MMREAP_BLESS=1 cargo test` writes it anew.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo puts the examples that it builds with the tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test is a program");
    let directory = test.parent().and_then(Path::parent).expect("it is in target/PROFILE/deps");
    let program = directory.join("examples").join(name);
    assert!(program.exists(), "build it first: cargo build -p mmreap-harness --example {name}");
    program
}

fn check(name: &str) {
    let output = Command::new(program(name)).output().expect("it runs");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/examples/{name}.txt"));
    if std::env::var_os("MMREAP_BLESS").is_some() {
        return std::fs::write(golden, text).expect("it can be written");
    }
    assert_eq!(std::fs::read_to_string(golden).expect("it is checked in"), text, "{name}");
}

#[test]
fn own_kernel() {
    check("own_kernel");
}

#[test]
fn own_oracle() {
    check("own_oracle");
}

#[test]
fn given_case() {
    check("given_case");
}

#[test]
fn own_operation() {
    check("own_operation");
}
