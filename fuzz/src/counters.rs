//! libFuzzer's extra counters: interleaving coverage, beside the coverage of code that it has anyway.
//!
//! libFuzzer takes what it finds in a section of this name for counters: it clears them before each input, and
//! an input that makes another one of them count is worth keeping, also when a corpus is merged. It looks for
//! the section on Linux only. The attribute is all that is unsafe here: no other object may be in the section,
//! and none is. The bytes are atomic because libFuzzer changes them behind the compiler's back.

#![allow(unsafe_code)]

use mmreap_harness::coverage::SIZE;
use std::sync::atomic::{AtomicU8, Ordering};

/// libFuzzer clears whole words.
#[repr(align(64))]
struct Counters([AtomicU8; SIZE]);

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = "__libfuzzer_extra_counters"))]
static COUNTERS: Counters = Counters([const { AtomicU8::new(0) }; SIZE]);

/// A run of the input has shown a feature. How often does not matter: each feature counts once.
pub fn add(feature: usize) {
    COUNTERS.0[feature % SIZE].store(1, Ordering::Relaxed);
}
