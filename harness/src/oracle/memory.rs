//! O-PT-UAF, O-VMA-UAF, O-MM-UAF, O-TASK-UAF, O-DOUBLE, O-PAGEMAP, O-TLB, O-OOPS, and those parts of
//! O-NOTIF, O-LOCK and O-BUG that end a run: what checked memory reported.
//!
//! Promise: every stale access, double free, counter below zero, reference taken when there was none left,
//! frame freed while mapped, cached or known to a secondary MMU, misused lock, followed NULL pointer and
//! `BUG_ON` of the run ends it, so the report is about the first. Tolerance: none.

use super::bug::{self, O_BUG};
use super::obligations::{EXCLUSION, REFERENCE};
use super::{Apart, Deed, Failure, Oracle, Rule, by, signature};
use crate::case::Signature;
use mmreap::exit::exit_mmap::EXIT_MMAP;
use mmreap::memory::{Place, Violation};
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::trace::{Kind, Role};
use mmreap::world::World;

static ENTRY: Rule = Rule {
    name: "page-table entries",
    text: "what was read of a page table without its lock may be gone once the lock is held, so it is looked \
           at again",
    source: "688272809fcc (v4.18)",
    noticed: "the entry that it saw before it took the lock is still there",
    other: "whoever wants the entry looks again under the lock",
    apart: Apart::Noticed,
};

static FLUSH: Rule = Rule {
    name: "flush before free",
    text: "a page is freed after every page table and every TLB has lost it",
    source: "687cb0884a71 (v4.15)",
    noticed: "nobody can reach the page any more",
    other: "what it reaches through its TLB is its own",
    apart: Apart::Places,
};

static OOPS: Rule = Rule {
    name: "no oops",
    text: "a pointer that can be NULL is looked at before it is followed, and every loop and \
           every recursion ends",
    source: "Documentation/admin-guide/bug-hunting.rst",
    noticed: "what it needs is there, and what it does comes to an end",
    other: "nobody needs what it leaves behind",
    apart: Apart::Noticed,
};

/// Judges how checked memory was used.
pub struct Memory;

impl Oracle for Memory {
    /// Names the violation that ended the run, if one did.
    fn judge(&self, world: &World) -> Option<Failure> {
        Some(describe(world, world.violation?))
    }

    /// What locks, notifiers and assertions are about is said by the oracles that judge the rest of it.
    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        match &*failure.oracle {
            "O-PT-UAF" if !reaps_against_exit(failure) => vec![&ENTRY],
            "O-PT-UAF" | "O-VMA-UAF" => vec![&EXCLUSION],
            "O-MM-UAF" | "O-TASK-UAF" | "O-DOUBLE" => vec![&REFERENCE],
            "O-PAGEMAP" | "O-TLB" => vec![&FLUSH],
            "O-OOPS" => vec![&OOPS],
            _ => Vec::new(),
        }
    }
}

/// Whether the reaper and the exit path are in conflict.
fn reaps_against_exit(failure: &Signature) -> bool {
    let has = |deed: &str| failure.sites.iter().any(|site| site == deed);
    let exits = has(EXIT_MMAP.name()) || has(&by(OOM_REAP_TASK_MM.name(), Role::ExitPath));
    exits && has(OOM_REAP_TASK_MM.name())
}

/// The oracle's name, and what the report calls it.
fn name(violation: &Violation) -> (&'static str, &'static str) {
    let kind = violation.object().kind;
    match violation {
        Violation::UseAfterFree { .. } => (use_after_free(kind), "use-after-free"),
        Violation::EntryVanished { .. } => ("O-PT-UAF", "vanished entry"),
        Violation::DoubleFree { .. } => ("O-DOUBLE", "double-free"),
        Violation::Underflow { .. } => ("O-DOUBLE", "reference underflow"),
        Violation::TakenFromZero { .. } => (use_after_free(kind), "reference from zero"),
        Violation::FreedWhileMapped { .. } => ("O-PAGEMAP", "free-while-mapped"),
        Violation::StaleTranslation { .. } => ("O-TLB", "free-before-flush"),
        Violation::Oops { oops, .. } => ("O-OOPS", oops.name()),
        Violation::Bug { .. } => (O_BUG, "kernel BUG"),
        Violation::Shadowed { .. } => ("O-NOTIF", "free-before-invalidate"),
        Violation::Lock { .. } => ("O-LOCK", "lock misuse"),
    }
}

fn use_after_free(kind: Kind) -> &'static str {
    match kind {
        Kind::PageTable => "O-PT-UAF",
        Kind::Vma => "O-VMA-UAF",
        Kind::Page => "O-PAGEMAP",
        Kind::Task | Kind::Signal => "O-TASK-UAF",
        _ => "O-MM-UAF",
    }
}

/// The moments of a violation, the one that noticed first, each with its caption.
fn places(violation: &Violation) -> Vec<(&'static str, Place)> {
    match *violation {
        Violation::UseAfterFree { allocated, freed, used, .. } => {
            vec![("used", used), ("freed", freed), ("allocated", allocated)]
        }
        Violation::DoubleFree { allocated, freed, again, .. } => {
            vec![("freed again", again), ("freed", freed), ("allocated", allocated)]
        }
        Violation::EntryVanished { cleared, used, .. } => {
            vec![("used", used), ("cleared", cleared)]
        }
        Violation::Underflow { used, .. }
        | Violation::TakenFromZero { used, .. }
        | Violation::Lock { used, .. } => vec![("used", used)],
        Violation::Oops { used, .. } | Violation::Bug { used, .. } => vec![("met", used)],
        Violation::FreedWhileMapped { mapped, freed, .. } => {
            vec![("freed", freed), ("mapped", mapped)]
        }
        Violation::StaleTranslation { cached, unmapped, freed, .. } => {
            vec![("unmapped", unmapped), ("freed", freed), ("cached", cached)]
        }
        Violation::Shadowed { mapped, unmapped, freed, .. } => {
            vec![("unmapped", unmapped), ("freed", freed), ("shadowed", mapped)]
        }
    }
}

fn describe(world: &World, violation: Violation) -> Failure {
    let (oracle, title) = name(&violation);
    let object = violation.object();
    let places = places(&violation);
    // Who frees a page, and who had it cached, is chance; who told nobody that it is unmapped is the bug.
    let conflicting = if matches!(oracle, "O-TLB" | "O-NOTIF") { 1 } else { 2 };
    let deeds: Vec<_> =
        places.iter().take(conflicting).map(|&(_, place)| Deed::from(place)).collect();
    let signature = match violation {
        Violation::Bug { used, .. } => bug::signature(object.kind, used.site),
        _ => signature(oracle, object.kind, &deeds),
    };
    let mut events: Vec<u32> = places.iter().map(|(_, place)| place.event).collect();
    events.sort_unstable();
    Failure {
        signature,
        title,
        object,
        events,
        details: places.iter().map(|(caption, place)| detail(world, caption, place)).collect(),
    }
}

fn detail(world: &World, caption: &str, place: &Place) -> String {
    if place.site.function().is_empty() {
        return format!("{caption} at boot");
    }
    let task = &world.threads()[place.thread.index()].name;
    format!("{caption} by {task} in {}", place.site)
}
