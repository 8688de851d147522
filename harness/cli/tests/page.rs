//! The page of an explanation in a browser: no error, everything drawn, no text on another, also on a phone.
//!
//! The browser is asked for nothing but its rendering engine: a script that is added to the page looks at
//! what was laid out, presses keys, and writes what it found into the document, which the browser then prints.
//! The page stands in a frame, because no window of Chromium is narrower than 500 pixels.
//! Needs Chromium, which `ci/setup` installs: `cargo test --test page -- --ignored`.

use serde_json::Value;
use snapbox::cmd::cargo_bin;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SEED: &str = "v4.14-o_pt_uaf-page_table-oom_reap_task_mm-exit_mmap.mmreap";

/// Where errors are collected, before anything else runs.
const BEFORE: &str = "<script>const errors = [];
addEventListener('error', event => errors.push(event.message));</script>";

/// What looks at the page.
const AFTER: &str = include_str!("page/look.html");

fn page() -> String {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus").join(SEED);
    let mut mmreap = Command::new(cargo_bin!("mmreap"));
    let output = mmreap.args(["explain", "--format", "html"]).arg(case).output();
    String::from_utf8(output.expect("mmreap runs").stdout).expect("UTF-8")
}

fn browser() -> PathBuf {
    let names = ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).flat_map(|at| names.map(|name| at.join(name)));
    all.find(|file| file.is_file()).expect("there is no Chromium; ci/setup installs it")
}

/// A document with the page in a frame of a size.
fn framed(page: &str, (width, height): (u32, u32)) -> String {
    let page = page.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin: 0\"><iframe srcdoc=\"{page}\" \
         style=\"border: 0; width: {width}px; height: {height}px\"></iframe></body>"
    )
}

/// Opens a document, and prints what became of it.
fn open(document: &Path, profile: &Path) -> Output {
    let mut chromium = Command::new(browser());
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    chromium.args(["--enable-logging=stderr", "--virtual-time-budget=5000"]);
    chromium.arg(format!("--user-data-dir={}", profile.display()));
    chromium.arg("--window-size=2000,2000");
    chromium.arg(format!("file://{}", document.display())).output().expect("Chromium runs")
}

/// What the added script found in a window of a size.
fn look(page: &str, size: (u32, u32)) -> Value {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = directory.path().join("page.html");
    let text = page.replacen("<head>", &format!("<head>{BEFORE}"), 1);
    let text = text.replacen("</body>", &format!("{AFTER}</body>"), 1);
    std::fs::write(&file, framed(&text, size)).expect("the page can be written");
    let output = open(&file, directory.path());
    let (told, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!complaints.contains("CONSOLE"), "{complaints}");
    let found = told.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split('<').next());
    let found = found.unwrap_or_else(|| panic!("the script did not end:\n{complaints}\n{told}"));
    serde_json::from_str(&found.replace("&gt;", ">").replace("&amp;", "&")).expect("JSON")
}

#[test]
#[ignore = "needs Chromium: cargo test --test page -- --ignored"]
fn the_page_of_the_seed_can_be_read_and_used() {
    let page = page();
    for (size, side_by_side) in [((1600, 1200), true), ((400, 800), false)] {
        let found = look(&page, size);
        let all = found.to_string();
        assert_eq!(found["errors"], serde_json::json!([]), "{size:?}");
        assert_eq!(found["loads"], 0, "{size:?}: {all}");
        assert_eq!(found["runs"], 2, "{size:?}: {all}");
        assert!(found["events"].as_u64() > Some(150), "{size:?}: {all}");
        assert!(found["calls"].as_u64() > Some(50), "{size:?}: {all}");
        assert!(found["lines"].as_u64() > Some(25), "{size:?}: {all}");
        assert_eq!(found["overlaps"], serde_json::json!([]), "{size:?}");
        assert_eq!(found["outside"], serde_json::json!([]), "{size:?}");
        assert_eq!(found["scrolls"], false, "the page is wider than the window: {size:?}");
        assert_eq!(found["side_by_side"], side_by_side, "{size:?}");
        assert_eq!(found["width"], size.0, "{all}");
        assert_eq!(found["failing_is_seen"], true, "{size:?}: {all}");
        assert_eq!(found["mark_is_seen"], true, "{size:?}: {all}");
        assert_eq!(found["high_and_empty"], serde_json::json!([]), "{size:?}");
        assert!(found["folded"].as_u64() > Some(0), "{size:?}: {all}");
        assert_eq!(found["folded_are_said"], true, "{size:?}: {all}");
        assert_eq!(found["parts_are_level"], side_by_side, "{size:?}: {all}");
        assert_eq!(found["case_beside_prose"], side_by_side, "{size:?}: {all}");
        assert!(found["empty_beside"].as_f64() < Some(0.1), "{size:?}: {all}");
        assert_eq!(found["keys"], true, "{size:?}: {all}");
    }
}

#[test]
#[ignore = "needs Chromium: cargo test --test page -- --ignored"]
fn a_page_that_is_broken_is_noticed() {
    let style = ".call { width: 300px !important; } .runs { width: 3000px; }
        article { display: block !important; } .fails { padding-top: 40px; }
        .case { grid-column: 1 / -1; }</style>";
    let broken = page().replacen("</style>", style, 1);
    let broken = broken.replacen("ArrowLeft: ", "ArrowNowhere: ", 1);
    let found = look(&broken, (1600, 1200));
    assert_ne!(found["overlaps"], serde_json::json!([]));
    assert_eq!((&found["scrolls"], &found["keys"]), (&true.into(), &false.into()));
    assert_eq!(
        (&found["parts_are_level"], &found["case_beside_prose"]),
        (&false.into(), &false.into())
    );
    let unfolded = page().replacen("task.classList.toggle", "task.classList.contains", 1);
    assert_ne!(look(&unfolded, (400, 800))["high_and_empty"], serde_json::json!([]));
    let still = page().replacen("scroll.scrollLeft += ", "void ", 1);
    let still = still.replacen("line.scrollLeft = ", "void ", 1);
    let found = look(&still, (400, 800));
    assert_eq!((&found["failing_is_seen"], &found["mark_is_seen"]), (&false.into(), &false.into()));
    let throws = page().replacen("\"use strict\";", "throw new Error('no');", 1);
    assert!(std::panic::catch_unwind(|| look(&throws, (400, 800))).is_err(), "a console error");
}
