//! The rules of the protocol, and which of them a failure breaks.
//!
//! Five obligations make it safe and live to reap an address space while its exit path runs: exclusion (P1),
//! reachability (P2), truth (P3) and certainty (P4) of `MMF_OOM_SKIP`, stability (P5). Every release keeps
//! some of them; that is their whole history. The other rules are older than the reaper, and hold for
//! anybody who touches such an object. Which rule is broken follows from the signature, which oracles make
//! of events and objects; no rule knows a release, except as its source.

use crate::case::Signature;
use crate::oracle::{by, is_skip};
use mmreap::exit::exit_mmap::EXIT_MMAP;
use mmreap::oom::oom_kill_process::OOM_KILL_PROCESS;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::oom::out_of_memory::OUT_OF_MEMORY;
use mmreap::trace::Role;
use serde::Serialize;
use std::fmt;

/// A rule that everybody relies on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is about, in a word; the five obligations bear their numbers.
    pub name: &'static str,
    /// The rule.
    pub text: &'static str,
    /// The commits that made it or repaired its breach, with their releases.
    pub source: &'static str,
    /// What the task that notices a breach takes for granted.
    pub noticed: &'static str,
    /// What the other task takes for granted.
    pub other: &'static str,
    /// What two breaches of it have in common if they are the same bug.
    #[serde(skip)]
    apart: Apart,
}

/// What tells the bugs apart that break one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// The two places in conflict.
    Places,
    /// The place that noticed: it relies on what anybody may break.
    Noticed,
    /// The kind of object: whoever uses it last without a reference is chance.
    Object,
    /// Nothing: there is one such thing.
    Nothing,
}

static EXCLUSION: Rule = Rule {
    name: "P1, exclusion",
    text: "whoever walks the page tables and mappings of an address space and whoever takes them down \
           keep each other out; exit_mmap frees, and walks by itself, only when no pass of the reaper runs \
           and none can begin",
    source: "212925802454 (v4.14), 4837fe37adff (v4.15), 27ae357fa82b (v4.17)",
    noticed: "what it walks stays",
    other: "nobody else walks here",
    apart: Apart::Places,
};

static REACHABILITY: Rule = Rule {
    name: "P2, reachability",
    text: "as long as a victim holds memory that could be reaped, the reaper can get at it, wherever the exit \
           path waits, and with mm_users at 0, too",
    source: "212925802454 (v4.14)",
    noticed: "what the victim holds can be had",
    other: "whoever dropped mm_users to 0 frees the memory at once",
    apart: Apart::Places,
};

static TRUTH: Rule = Rule {
    name: "P3, truthful MMF_OOM_SKIP",
    text: "MMF_OOM_SKIP is set when what can be reaped is free, or when attempts have been in vain for a \
           second, and not before",
    source: "26db62f179d1 (v4.9), 212925802454 (v4.14), a213e5cf71cb (v5.18)",
    noticed: "a victim with MMF_OOM_SKIP has no memory to give any more",
    other: "it had done what can be done for this address space",
    apart: Apart::Places,
};

static CERTAINTY: Rule = Rule {
    name: "P4, eventual MMF_OOM_SKIP",
    text: "every victim's address space gets MMF_OOM_SKIP after a bounded time, whatever its exit path waits \
           for; until then nobody else is killed",
    source: "449d777d7ad6 (v4.7), 26db62f179d1 (v4.9)",
    noticed: "the victim's memory, or MMF_OOM_SKIP, comes without its help",
    other: "somebody else sets MMF_OOM_SKIP",
    apart: Apart::Nothing,
};

static STABILITY: Rule = Rule {
    name: "P5, stability",
    text: "nobody gets content that took the place of a reaped page; the reaper sets MMF_UNSTABLE before it \
           takes the first page, and a fault looks at it before it installs one",
    source: "3f70dc38cec2 (v4.9, kernel threads), 6b31d5955cb2 (v4.13, everybody)",
    noticed: "what it reads is what was stored",
    other: "nobody needs the content of a dying process's pages",
    apart: Apart::Places,
};

static GIVEN_UP: Rule = Rule {
    name: "given up is given up",
    text: "an address space that was given up on is neither waited for nor killed again",
    source: "26db62f179d1 and 862e3073b3ee (v4.9)",
    noticed: "what it kills has memory to give",
    other: "nobody comes back to what was given up on",
    apart: Apart::Noticed,
};

static ASKER: Rule = Rule {
    name: "no kill for the dying",
    text: "an allocation of a thread that is to die may fail, and kills nobody else: what the thread holds \
           comes free when it is gone",
    source: "c288983dddf7 (v4.13), 0b28179a6138 (v5.16)",
    noticed: "only somebody else can give memory, now that its own address space was given up on",
    other: "nobody waits for this address space, and nobody asks on its behalf",
    apart: Apart::Places,
};

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

static SHADOW: Rule = Rule {
    name: "notify before free",
    text: "a page is freed after every secondary MMU has lost it: whoever unmaps it tells their notifiers before and \
           after, or leaves alone what has notifiers",
    source: "4d4bbd8526a8 (v4.14)",
    noticed: "nobody can reach the page any more",
    other: "what its guest can reach is its own",
    apart: Apart::Places,
};

static REFERENCE: Rule = Rule {
    name: "references",
    text: "whoever uses an object holds a reference that was taken while another one kept it alive, and \
           drops it once; mm_count keeps the mm_struct, mm_users what it maps",
    source: "26db62f179d1 (v4.9, for oom_mm), baf10564fbb6 (v4.17, for AIO contexts)",
    noticed: "a reference keeps the object",
    other: "its reference was the last",
    apart: Apart::Object,
};

static QUEUE: Rule = Rule {
    name: "the reaper's queue",
    text: "a task is on the reaper's queue once at most, and stays on it until the reaper takes it off",
    source: "9bcdeb51bd7d (v5.0)",
    noticed: "nobody uses the task's link in the queue",
    other: "what it queued stays as it is until the reaper comes",
    apart: Apart::Nothing,
};

static VICTIMS: Rule = Rule {
    name: "the count of victims",
    text: "oom_victims counts every marked thread once, from the mark until it has let go of its address \
           space",
    source: "7d2e7a22cf27 (v4.9)",
    noticed: "the count is the number of marked threads",
    other: "its change of the count belongs to its own mark",
    apart: Apart::Nothing,
};

static LOCKS: Rule = Rule {
    name: "locks",
    text: "locks are taken in one order and once, released by their holder, and nobody sleeps under a \
           spinlock",
    source: "Documentation/locking/lockdep-design",
    noticed: "it may do that with these locks",
    other: "nobody takes its locks the other way round",
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

static ASSERTED: Rule = Rule {
    name: "what the kernel asserts",
    text: "what a BUG_ON, a VM_BUG_ON or a WARN_ON says must not be is not so when the kernel comes there",
    source: "Documentation/process/coding-style.rst",
    noticed: "what it asserts holds whatever others do",
    other: "nobody relies on what it changes",
    apart: Apart::Noticed,
};

/// Failures that are the same bug: they break one rule, and what tells its breaches apart is the same.
///
/// Coarser than a signature, which also says on which object and by whom the breach was noticed first. Replaying
/// and minimising keep the signature; people count groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Group {
    /// The rule, or the oracle if it has none.
    pub rule: String,
    /// What tells it from other breaches of the rule.
    pub by: Vec<String>,
}

impl Group {
    /// The group of a failure.
    pub fn of(signature: &Signature) -> Group {
        let Signature { oracle, object, sites } = signature;
        let rule = broken(signature).first().copied();
        let by = match rule.map_or(Apart::Places, |rule| rule.apart) {
            Apart::Places => sites.clone(),
            Apart::Noticed => sites.first().cloned().into_iter().collect(),
            Apart::Object => vec![object.clone()],
            Apart::Nothing => Vec::new(),
        };
        Group { rule: rule.map_or(oracle.as_str(), |rule| rule.name).to_string(), by }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        if self.by.is_empty() { Ok(()) } else { write!(f, ": {}", self.by.join(", ")) }
    }
}

/// The rules that a failure breaks, the main one first; none for an oracle that has no rule here.
pub(super) fn broken(signature: &Signature) -> Vec<&'static Rule> {
    let skipped = signature.sites.iter().any(|site| is_skip(site));
    match &*signature.oracle {
        "O-PT-UAF" | "O-VMA-UAF" if reaps_against_exit(signature) => vec![&EXCLUSION],
        "O-PT-UAF" => vec![&ENTRY],
        "O-VMA-UAF" => vec![&EXCLUSION],
        "O-MM-UAF" | "O-TASK-UAF" | "O-DOUBLE" | "O-LEAK" => vec![&REFERENCE],
        "O-PAGEMAP" | "O-TLB" => vec![&FLUSH],
        "O-NOTIF" => vec![&SHADOW],
        "O-DATA" => vec![&STABILITY],
        "O-SPUR" if signature.sites.first().is_some_and(|site| site == OUT_OF_MEMORY.name()) => {
            vec![&ASKER]
        }
        "O-SPUR" if signature.sites.iter().any(|site| site == OOM_KILL_PROCESS.name()) => {
            vec![&GIVEN_UP]
        }
        "O-SPUR" | "O-INV-SKIP" if skipped => vec![&TRUTH, &REACHABILITY],
        "O-SPUR" | "O-INV-SKIP" => vec![&TRUTH],
        "O-LIVE" => vec![&CERTAINTY],
        "O-LIST" => vec![&QUEUE],
        "O-NV" => vec![&VICTIMS],
        "O-LOCK" => vec![&LOCKS],
        "O-OOPS" => vec![&OOPS],
        "O-BUG" => vec![&ASSERTED],
        _ => Vec::new(),
    }
}

/// Whether the reaper and the exit path are in conflict.
fn reaps_against_exit(signature: &Signature) -> bool {
    let has = |deed: &str| signature.sites.iter().any(|site| site == deed);
    let exits = has(EXIT_MMAP.name()) || has(&by(OOM_REAP_TASK_MM.name(), Role::ExitPath));
    exits && has(OOM_REAP_TASK_MM.name())
}
