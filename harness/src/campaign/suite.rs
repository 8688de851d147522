//! The bugs that a campaign is measured by: what is known to be wrong with a kernel, and how it shows.

use crate::case::Signature;

/// A bug of one kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Bug {
    /// Its name in reports.
    pub id: &'static str,
    /// The release or mutant that has it.
    pub kernel: &'static str,
    /// The oracles that it is noticed by.
    pub oracles: &'static [&'static str],
    /// The places of its signature, all of them and in this order; none if it shows in several ways.
    pub sites: &'static [&'static str],
}

impl Bug {
    /// Whether a failure of this kernel is this bug.
    pub fn is(&self, signature: &Signature) -> bool {
        let is_here = self.sites.is_empty() || signature.sites == self.sites;
        is_here && self.oracles.contains(&&*signature.oracle)
    }
}

/// All bugs, by release.
pub static SUITE: [Bug; 6] = [
    Bug {
        id: "B06",
        kernel: "v4.9",
        oracles: &["O-DATA"],
        sites: &["handle_mm_fault", "__oom_reap_task_mm"],
    },
    Bug {
        id: "B02",
        kernel: "v4.13",
        oracles: &["O-SPUR"],
        sites: &["oom_reap_task", "__oom_reap_task_mm/skip(no_users)"],
    },
    Bug {
        id: "B01",
        kernel: "v4.13+M01",
        oracles: &["O-LIVE"],
        sites: &["exit_aio", "out_of_memory"],
    },
    Bug {
        id: "B04",
        kernel: "v4.14",
        oracles: &["O-PT-UAF", "O-VMA-UAF"],
        sites: &["__oom_reap_task_mm", "exit_mmap"],
    },
    Bug {
        id: "B05",
        kernel: "v4.14",
        oracles: &["O-PT-UAF"],
        sites: &["exit_mmap", "__oom_reap_task_mm"],
    },
    Bug {
        id: "B05",
        kernel: "v4.15",
        oracles: &["O-PT-UAF"],
        sites: &["exit_mmap", "__oom_reap_task_mm"],
    },
];
