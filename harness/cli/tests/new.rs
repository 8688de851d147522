//! `mmreap new`: what it writes builds, and attacks what is changed.

use snapbox::cmd::{Command, OutputAssert, cargo_bin};
use std::path::Path;

fn mmreap(directory: &Path, words: &str) -> OutputAssert {
    let command = Command::new(cargo_bin!("mmreap")).env("NO_COLOR", "1");
    command.current_dir(directory).args(words.split(' ')).assert()
}

fn read(directory: &Path, file: &str) -> String {
    std::fs::read_to_string(directory.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn a_crate_begins_with_the_functions_of_the_release() {
    let directory = tempfile::tempdir().expect("a directory");
    let words = "new my-patch --on v4.14 --change __oom_reap_task_mm --change exit_mmap";
    mmreap(directory.path(), words).success();
    let root = directory.path().join("my-patch");
    assert!(read(&root, "src/exit_mmap.rs").contains("tsk_is_oom_victim(current())"), "v4.14's");
    assert!(read(&root, "src/oom_reap_task_mm.rs").contains("pub(crate) fn oom_reap_task_mm("));
    let lib = read(&root, "src/lib.rs");
    let call = ".exit_mmap(exit_mmap::exit_mmap)";
    assert!(lib.contains("Revision = V4_14\n") && lib.contains(call), "{lib}");
    assert!(read(&root, "src/main.rs").contains("&my_patch::KERNEL"));
    for file in
        ["Cargo.toml", "tests/attack.rs", "fuzz/Cargo.toml", "fuzz/fuzz_targets/my-patch.rs"]
    {
        assert!(!read(&root, file).contains("{{"), "{file} is filled in");
    }
}

#[test]
fn nothing_is_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("mine")).expect("a directory");
    let run = mmreap(directory.path(), "new mine --change exit_mmap").code(2);
    run.stderr_eq("error: there is mine already; nothing was written\n");
    assert!(!directory.path().join("mine/Cargo.toml").exists());
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let directory = tempfile::tempdir().expect("a directory");
    for (words, complaint) in [
        (
            "new mine --change exit_mmapp",
            "[..]there is no function `exit_mmapp`; did you mean `exit_mmap`?[..]",
        ),
        ("new mine --on v4.99 --change exit_mmap", "[..]there is no release `v4.99`[..]"),
        ("new Mine --change exit_mmap", "[..]`Mine` cannot be the name of a crate[..]"),
        ("new mine --change exit_mmap --mmreap .", "error: . is no checkout of mmreap[..]"),
    ] {
        let complaint = format!("{complaint}\n...\n");
        mmreap(directory.path(), words)
            .code(2)
            .stderr_eq(complaint.trim_end_matches("...\n").to_string() + "...");
    }
}

/// Every function as a patch begins with it, in one crate, so that cargo is called once.
#[test]
#[ignore = "builds a crate: cargo test -p mmreap-cli --test new -- --ignored"]
fn every_function_builds_outside_and_a_mistake_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let parts = mmreap::revision::PARTS.map(|part| format!("--change {}", part.name));
    mmreap(directory.path(), &format!("new all {}", parts.join(" "))).success();
    let root = directory.path().join("all");
    let cargo = |words: &str| {
        let mut cargo = std::process::Command::new("cargo");
        cargo.current_dir(&root).args(words.split(' '));
        // Most of it is built there already.
        cargo.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."));
        cargo.output().expect("cargo runs")
    };
    let built = cargo("build --quiet");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let passes = cargo("test --quiet");
    assert!(passes.status.success(), "{}", String::from_utf8_lossy(&passes.stdout));
    let function = read(&root, "src/exit_mmap.rs");
    let wait = "        down_write(mmap_sem(mm));\n        up_write(mmap_sem(mm));\n";
    assert!(function.contains(wait), "{function}");
    let function = function.replace(wait, "").replace(", mmap_sem}", "}");
    std::fs::write(root.join("src/exit_mmap.rs"), function).expect("it can be changed");
    let fails = cargo("test --quiet");
    let told = String::from_utf8_lossy(&fails.stdout).to_string();
    assert!(!fails.status.success() && told.contains("mmreap case 1"), "{told}");
    let found = cargo("run --quiet -- fuzz --time 20s --seed 1");
    let told = String::from_utf8_lossy(&found.stdout).to_string();
    assert_eq!(found.status.code(), Some(1), "{told}");
    assert!(told.contains("__oom_reap_task_mm exit_mmap on all"), "{told}");
}
