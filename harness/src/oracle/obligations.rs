//! Rules that no oracle has for itself.
//!
//! Five obligations make it safe and live to reap an address space while its exit path runs: exclusion (P1),
//! reachability (P2), truth (P3) and certainty (P4) of `MMF_OOM_SKIP`, stability (P5). Every release keeps
//! some of them; that is their whole history. That references keep objects is older than the reaper, and holds for
//! anybody who touches such an object.

use super::{Apart, Rule};

/// Who walks page tables, and who takes them down.
pub static EXCLUSION: Rule = Rule {
    name: "P1, exclusion",
    text: "whoever walks the page tables and mappings of an address space and whoever takes them down \
           keep each other out; exit_mmap frees, and walks by itself, only when no pass of the reaper runs \
           and none can begin",
    source: "212925802454 (v4.14), 4837fe37adff (v4.15), 27ae357fa82b (v4.17)",
    noticed: "what it walks stays",
    other: "nobody else walks here",
    apart: Apart::Places,
};

/// The reaper and what a victim holds.
pub static REACHABILITY: Rule = Rule {
    name: "P2, reachability",
    text: "as long as a victim holds memory that could be reaped, the reaper can get at it, wherever the exit \
           path waits, and with mm_users at 0, too",
    source: "212925802454 (v4.14)",
    noticed: "what the victim holds can be had",
    other: "whoever dropped mm_users to 0 frees the memory at once",
    apart: Apart::Places,
};

/// `MMF_OOM_SKIP` is set late enough.
pub static TRUTH: Rule = Rule {
    name: "P3, truthful MMF_OOM_SKIP",
    text: "MMF_OOM_SKIP is set when what can be reaped is free, or when attempts have been in vain for a \
           second, and not before",
    source: "26db62f179d1 (v4.9), 212925802454 (v4.14), a213e5cf71cb (v5.18)",
    noticed: "a victim with MMF_OOM_SKIP has no memory to give any more",
    other: "it had done what can be done for this address space",
    apart: Apart::Places,
};

/// `MMF_OOM_SKIP` is set in the end.
pub static CERTAINTY: Rule = Rule {
    name: "P4, eventual MMF_OOM_SKIP",
    text: "every victim's address space gets MMF_OOM_SKIP after a bounded time, whatever its exit path waits \
           for; until then nobody else is killed",
    source: "449d777d7ad6 (v4.7), 26db62f179d1 (v4.9)",
    noticed: "the victim's memory, or MMF_OOM_SKIP, comes without its help",
    other: "somebody else sets MMF_OOM_SKIP",
    apart: Apart::Nothing,
};

/// What is read of a reaped page.
pub static STABILITY: Rule = Rule {
    name: "P5, stability",
    text: "nobody gets content that took the place of a reaped page; the reaper sets MMF_UNSTABLE before it \
           takes the first page, and a fault looks at it before it installs one",
    source: "3f70dc38cec2 (v4.9, kernel threads), 6b31d5955cb2 (v4.13, everybody)",
    noticed: "what it reads is what was stored",
    other: "nobody needs the content of a dying process's pages",
    apart: Apart::Places,
};

/// Who uses an object.
pub static REFERENCE: Rule = Rule {
    name: "references",
    text: "whoever uses an object holds a reference that was taken while another one kept it alive, and \
           drops it once; mm_count keeps the mm_struct, mm_users what it maps",
    source: "26db62f179d1 (v4.9, for oom_mm), baf10564fbb6 (v4.17, for AIO contexts)",
    noticed: "a reference keeps the object",
    other: "its reference was the last",
    apart: Apart::Object,
};
