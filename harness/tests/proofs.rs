//! What is proven about the standard scenarios: the checked-in table, and that it holds.
//!
//! A number of traces that changes says that the implementation or the conflict relation did; it is
//! looked at in the diff. Scenarios in which timers fire at any time have too many traces, and are proven
//! up to one preemption. `MMREAP_BLESS=1 cargo test` writes the table anew.

mod common;

use common::kernel;
use mmreap_harness::case::Case;
use mmreap_harness::corpus;
use mmreap_harness::prove::{Options, Verdict, prove};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Each scenario with its bound on preemptions, and the kernels it is proven on: releases, what is as safe
/// as they are, and mutants that it has to show.
const PROOFS: [(&str, Option<u32>, &[&str]); 18] = [
    (
        "sc_1v",
        None,
        &[
            "v4.14",
            "v4.15",
            "v4.15+E01",
            "v4.15+E02",
            "v4.15+E03",
            "v4.15+M04",
            "v4.15+M06",
            "v4.15+M07",
            "v4.15+M09",
            "v4.15+M13",
            "v4.15+M14",
            "v4.15+M15",
        ],
    ),
    ("sc_2enq", Some(1), &["v4.15", "v4.15+M27"]),
    (
        "sc_2p",
        None,
        &["v4.13", "v4.14", "v4.15", "v4.15+E01", "v4.15+E02", "v4.15+M11b", "v4.15+M24"],
    ),
    ("sc_2p_any", Some(0), &["v4.15"]),
    (
        "sc_aio",
        None,
        &["v4.13", "v4.15", "v4.15+E01", "v4.15+E02", "v4.13+M01", "v4.15+M02", "v4.15+M20"],
    ),
    ("sc_aio_unreapable", None, &["v4.15", "v4.15+M26"]),
    ("sc_exitrace", None, &["v4.15"]),
    ("sc_io_destroy", None, &["v4.15+E04", "v4.15+M20c"]),
    ("sc_io_lookup", None, &["v4.9", "v4.13", "v4.14", "v4.15", "v4.15+E04"]),
    ("sc_ksm", None, &["v4.15"]),
    ("sc_law", None, &["v4.15", "v4.15+M23"]),
    ("sc_mlock", None, &["v4.14", "v4.15"]),
    ("sc_notif", None, &["v4.9", "v4.13", "v4.14", "v4.15", "v4.15+E02", "v4.15+M36"]),
    ("sc_proc", None, &["v4.14", "v4.15", "v4.15+E01", "v4.15+E02", "v4.15+E03"]),
    ("sc_sharer", None, &["v4.14", "v4.15+M03"]),
    ("sc_sharer_alive", None, &["v4.15", "v4.15+M10", "v4.15+M30"]),
    ("sc_writer2", None, &["v4.13", "v4.15", "v4.15+M12", "v4.15+M12a", "v4.15+M12c"]),
    ("seed", None, &["v4.13", "v4.14", "v4.15", "v4.15+E01", "v4.15+E02", "v4.15+E03"]),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// A line of the table.
fn line(case: &Case, name: &str, preemptions: Option<u32>, kernel_name: &str) -> String {
    let options = Options { preemptions, ..Options::default() };
    let proof = prove(case, kernel(kernel_name), &options, &|_| true).expect("few threads");
    let verdict = match &proof.verdict {
        Verdict::Clean if preemptions.is_some() => format!("clean, {} runs", proof.runs),
        Verdict::Clean => format!("clean, {} traces", proof.traces),
        Verdict::Found(_, failure) => format!("run {} is {}", proof.runs, failure.signature),
        Verdict::Stopped => "stopped".to_string(),
    };
    let bound = preemptions.map_or(String::new(), |n| format!(" (preemptions <= {n})"));
    format!("{name:<18} {kernel_name:<10} {verdict}{bound}")
}

#[test]
fn proofs_are_what_they_were() {
    let mut table = String::new();
    for (name, preemptions, kernels) in PROOFS {
        let case = corpus::load(&path(&format!("scenarios/{name}.mmreap"))).expect("a scenario");
        for kernel_name in kernels {
            let line = line(&case, name, preemptions, kernel_name);
            writeln!(table, "{}", line.trim_end()).expect("a string takes all");
        }
    }
    let golden = path("scenarios/proofs.txt");
    if std::env::var_os("MMREAP_BLESS").is_some() {
        std::fs::write(&golden, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(&golden).expect("the table is checked in");
    snapbox::assert_data_eq!(table, snapbox::Data::text(expected));
}
