//! What is proven about the standard scenarios, and what it takes.
//!
//! The verdicts are written down here, and nobody else's to change. What they take is a table that
//! `MMREAP_BLESS=1 cargo test` writes anew: a number of traces that changes says that the implementation or the
//! conflict relation did, and is looked at in the diff. Scenarios in which timers fire at any time have too many
//! traces, and are proven up to few preemptions.

mod common;

use common::kernel;
use mmreap_harness::case::Case;
use mmreap_harness::corpus;
use mmreap_harness::prove::{Options, Verdict, prove};
use std::path::{Path, PathBuf};

/// What is proven about a scenario.
struct Row {
    scenario: &'static str,
    /// The bound on preemptions.
    preemptions: Option<u32>,
    /// Kernels on which it is clean: releases, and what is as safe as they are.
    clean: &'static [&'static str],
    /// Kernels on which a schedule fails, and how: releases with bugs, and mutants that it has to show.
    found: &'static [(&'static str, &'static str)],
}

const fn row(
    scenario: &'static str,
    preemptions: Option<u32>,
    clean: &'static [&'static str],
    found: &'static [(&'static str, &'static str)],
) -> Row {
    Row { scenario, preemptions, clean, found }
}

const PROOFS: [Row; 17] = [
    row(
        "sc_1v",
        None,
        &["v4.14", "v4.15", "v4.15+E01", "v4.15+E02", "v4.15+E03"],
        &[
            ("v4.15+M04", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M06", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M07", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M09", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M13", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M14", "O-MM-UAF mm __oom_reap_task_mm do_exit"),
            ("v4.15+M15", "O-MM-UAF mm __oom_reap_task_mm do_exit"),
        ],
    ),
    row(
        "sc_2enq",
        Some(1),
        &["v4.15"],
        &[("v4.15+M27", "O-SPUR mm oom_kill_process oom_reap_task")],
    ),
    row(
        "sc_2p",
        None,
        &["v4.14", "v4.15", "v4.15+E01", "v4.15+E02"],
        &[
            ("v4.13", "O-SPUR mm oom_reap_task __oom_reap_task_mm/skip(no_users)"),
            ("v4.15+M11b", "O-SPUR mm __mmput"),
            ("v4.15+M24", "O-SPUR mm oom_reap_task"),
        ],
    ),
    row("sc_2p_any", Some(0), &["v4.15"], &[]),
    row(
        "sc_aio",
        None,
        &["v4.15", "v4.15+E01", "v4.15+E02"],
        &[
            ("v4.13", "O-INV-SKIP mm oom_reap_task __oom_reap_task_mm/skip(no_users)"),
            ("v4.13+M01", "O-LIVE oom_killer exit_aio out_of_memory"),
            ("v4.15+M02", "O-LIVE oom_killer exit_aio out_of_memory"),
            ("v4.15+M20", "O-MM-UAF ctx_rq_wait aio_device exit_aio"),
        ],
    ),
    row(
        "sc_aio_unreapable",
        None,
        &["v4.15"],
        &[("v4.15+M26", "O-LIVE oom_killer exit_aio out_of_memory")],
    ),
    row("sc_exitrace", None, &["v4.15"], &[]),
    row("sc_io_destroy", None, &["v4.15+E04"], &[("v4.15+M20c", "O-DOUBLE kioctx io_destroy")]),
    row(
        "sc_io_lookup",
        None,
        &["v4.15+E04"],
        &[
            ("v4.9", "O-MM-UAF kioctx do_io_submit"),
            ("v4.13", "O-MM-UAF kioctx do_io_submit"),
            ("v4.14", "O-MM-UAF kioctx do_io_submit"),
            ("v4.15", "O-MM-UAF kioctx do_io_submit"),
        ],
    ),
    row("sc_ksm", None, &["v4.15"], &[]),
    row("sc_law", None, &["v4.15"], &[("v4.15+M23", "O-LIVE oom_killer exit_aio out_of_memory")]),
    row(
        "sc_mlock",
        None,
        &[],
        &[
            ("v4.14", "O-PT-UAF page_table exit_mmap __oom_reap_task_mm"),
            ("v4.15", "O-PT-UAF page_table exit_mmap __oom_reap_task_mm"),
        ],
    ),
    row(
        "sc_proc",
        None,
        &["v4.15", "v4.15+E01", "v4.15+E02", "v4.15+E03"],
        &[("v4.14", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap")],
    ),
    row(
        "sc_sharer",
        None,
        &[],
        &[
            ("v4.14", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
            ("v4.15+M03", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap"),
        ],
    ),
    row(
        "sc_sharer_alive",
        None,
        &["v4.15"],
        &[
            ("v4.15+M10", "O-DATA page user_mode __oom_reap_task_mm"),
            ("v4.15+M30", "O-DATA page user_mode __oom_reap_task_mm"),
        ],
    ),
    row(
        "sc_writer2",
        None,
        &["v4.13", "v4.15"],
        &[
            ("v4.15+M12", "O-DATA page handle_mm_fault __oom_reap_task_mm"),
            ("v4.15+M12a", "O-DATA page handle_mm_fault __oom_reap_task_mm"),
            ("v4.15+M12c", "O-DATA page handle_mm_fault __oom_reap_task_mm"),
        ],
    ),
    row(
        "seed",
        None,
        &["v4.13", "v4.15", "v4.15+E01", "v4.15+E02", "v4.15+E03"],
        &[("v4.14", "O-VMA-UAF vma __oom_reap_task_mm exit_mmap")],
    ),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

impl Row {
    /// Proves it on a kernel: what it took, for the table.
    fn prove(&self, case: &Case, kernel_name: &str, expected: Option<&str>) -> String {
        let options = Options { preemptions: self.preemptions, ..Options::default() };
        let proof = prove(case, kernel(kernel_name), &options, &|_| true).expect("few threads");
        let what = format!("{} on {kernel_name}", self.scenario);
        let (found, count) = match &proof.verdict {
            Verdict::Clean if self.preemptions.is_some() => (None, format!("{} runs", proof.runs)),
            Verdict::Clean => (None, format!("{} traces", proof.traces)),
            Verdict::Found(_, failure) => {
                (Some(failure.signature.to_string()), format!("found by run {}", proof.runs))
            }
            Verdict::Stopped => panic!("{what}: stopped after {} runs", proof.runs),
        };
        assert_eq!(found.as_deref(), expected, "{what}");
        count
    }

    /// Its lines of the table.
    fn lines(&self) -> String {
        let file = path(&format!("scenarios/{}.mmreap", self.scenario));
        let case = corpus::load(&file).expect("the scenario can be read");
        let bound = self.preemptions.map_or(String::new(), |n| format!(" (preemptions <= {n})"));
        let clean = self.clean.iter().map(|kernel| (*kernel, None));
        let found = self.found.iter().map(|(kernel, signature)| (*kernel, Some(*signature)));
        let line = |(kernel, expected)| {
            let count = self.prove(&case, kernel, expected);
            format!("{:<18} {kernel:<10} {count}{bound}\n", self.scenario)
        };
        clean.chain(found).map(line).collect()
    }
}

#[test]
fn proofs_are_what_they_were() {
    let table: String = PROOFS.iter().map(Row::lines).collect();
    let golden = path("scenarios/proofs.txt");
    if std::env::var_os("MMREAP_BLESS").is_some() {
        std::fs::write(&golden, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(&golden).expect("the table is checked in");
    snapbox::assert_data_eq!(table, snapbox::Data::text(expected));
}
