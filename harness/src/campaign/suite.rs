//! The bug suite: what a harness for this machinery has to find, each bug with how it is recognised.
//!
//! First the bugs of the releases, then the mutants, each with the failures that it *adds* to those of the
//! release it is built on. Two mutants are not here, as they show nothing in this model;
//! [`mmreap::revision::mutant`] says why.

use crate::case::Signature;

/// A bug, and how a failure is recognised as it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// Its number in reports. A bug of two releases is in the suite twice.
    pub id: &'static str,
    /// The release or mutant that has it.
    pub kernel: &'static str,
    /// Its standard scenario: the smallest case known that shows it, a file in `tests/scenarios/`.
    pub scenario: &'static str,
    /// The oracles that may hear of it.
    pub oracles: &'static [&'static str],
    /// The sites of its signature, exactly; none if any will do.
    pub sites: &'static [&'static str],
    /// The kind of object; none if any will do.
    pub object: Option<&'static str>,
}

impl Bug {
    /// Whether a failure with the signature is this bug.
    pub fn is(&self, signature: &Signature) -> bool {
        let sites = self.sites.is_empty() || signature.sites == self.sites;
        let object = self.object.is_none_or(|object| signature.object == object);
        sites && object && self.oracles.contains(&&*signature.oracle)
    }

    /// The same, recognised by the kind of object, too.
    const fn on(self, object: &'static str) -> Self {
        Bug { object: Some(object), ..self }
    }
}

/// The bugs of the releases by their numbers, then the mutants by theirs. B01 is that of a repair that was not
/// taken, and so of a mutant.
pub static SUITE: [Bug; 31] = [
    bug("B01", "v4.13+M01", "sc_aio", &["O-LIVE"], &["exit_aio", "out_of_memory"]),
    bug(
        "B02",
        "v4.13",
        "sc_2p",
        &["O-SPUR"],
        &["oom_reap_task", "__oom_reap_task_mm/skip(no_users)"],
    ),
    bug("B04", "v4.14", "sc_proc", WALKS, REAPER_WALKS),
    bug("B05", "v4.14", "sc_mlock", &["O-PT-UAF"], &["exit_mmap", "__oom_reap_task_mm"]),
    bug("B05", "v4.15", "sc_mlock", &["O-PT-UAF"], &["exit_mmap", "__oom_reap_task_mm"]),
    bug("B06", "v4.9", "sc_writer", &["O-DATA"], ZERO_PAGE),
    bug("B20", "v4.13", "sc_notif", &["O-NOTIF"], &["__oom_reap_task_mm"]),
    bug("B55", "v4.15", "sc_io_lookup", &["O-MM-UAF"], &[]).on("kioctx"),
    bug("M02", "v4.15+M02", "sc_aio", &["O-LIVE"], &[]),
    bug("M03", "v4.15+M03", "sc_sharer", WALKS, REAPER_WALKS),
    bug("M04", "v4.15+M04", "sc_1v", WALKS, REAPER_WALKS),
    bug("M06", "v4.15+M06", "sc_1v", WALKS, REAPER_WALKS),
    bug("M07", "v4.15+M07", "sc_1v", WALKS, REAPER_WALKS),
    bug("M09", "v4.15+M09", "sc_1v", WALKS, REAPER_WALKS),
    bug("M10", "v4.15+M10", "sc_sharer_alive", &["O-DATA"], LOST),
    bug("M11", "v4.15+M11", "sc_2p_any", &["O-SPUR"], &["exit_mmap"]),
    bug("M11b", "v4.15+M11b", "sc_2p", &["O-SPUR", "O-INV-SKIP"], &["__mmput"]),
    bug("M12", "v4.15+M12", "sc_writer2", &["O-DATA"], ZERO_PAGE),
    bug("M12a", "v4.15+M12a", "sc_writer2", &["O-DATA"], ZERO_PAGE),
    bug("M12c", "v4.15+M12c", "sc_writer2", &["O-DATA"], ZERO_PAGE),
    bug("M13", "v4.15+M13", "sc_1v", WALKS, REAPER_WALKS),
    bug("M14", "v4.15+M14", "sc_1v", &["O-MM-UAF"], &[]),
    bug("M15", "v4.15+M15", "sc_1v", &["O-MM-UAF"], &[]),
    bug("M20", "v4.15+M20", "sc_aio", &["O-MM-UAF"], &["aio_device", "exit_aio"]),
    bug("M20c", "v4.15+M20c", "sc_io_destroy", &["O-DOUBLE", "O-MM-UAF"], &[]),
    bug("M23", "v4.15+M23", "sc_law", &["O-LIVE"], &[]),
    bug("M24", "v4.15+M24", "sc_2p", &["O-SPUR"], &["oom_reap_task"]),
    bug("M26", "v4.15+M26", "sc_aio_unreapable", &["O-LIVE"], &[]),
    bug("M27", "v4.15+M27", "sc_2enq", &["O-SPUR"], &["oom_kill_process", "oom_reap_task"]),
    bug("M30", "v4.15+M30", "sc_sharer_alive", &["O-DATA"], LOST),
    bug("M36", "v4.15+M36", "sc_notif", &["O-NOTIF"], &["__oom_reap_task_mm"]),
];

const fn bug(
    id: &'static str,
    kernel: &'static str,
    scenario: &'static str,
    oracles: &'static [&'static str],
    sites: &'static [&'static str],
) -> Bug {
    Bug { id, kernel, scenario, oracles, sites, object: None }
}

/// The walk of the reaper meets what the exit path has freed.
const WALKS: &[&str] = &["O-PT-UAF", "O-VMA-UAF"];
const REAPER_WALKS: &[&str] = &["__oom_reap_task_mm", "exit_mmap"];

/// A fault installs a fresh page where the reaper took one away.
const ZERO_PAGE: &[&str] = &["handle_mm_fault", "__oom_reap_task_mm"];

/// The reaper took a page of a process that was not killed.
const LOST: &[&str] = &["user_mode", "__oom_reap_task_mm"];
