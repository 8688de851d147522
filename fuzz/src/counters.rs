//! libFuzzer's extra counters: interleaving coverage, in the place of the coverage of code.
//!
//! libFuzzer takes what it finds in a section of this name for counters: it clears them before each input, and
//! an input that makes another one of them count is worth keeping, also when a corpus is merged. It looks for
//! the section on Linux only. The bytes are atomic because libFuzzer changes them behind the compiler's back.
//!
//! The coverage of code is hidden: how often schedulers and oracles pass a line says nothing about races, yet made four
//! of five features, each of which costs libFuzzer a walk through its corpus.
//!
//! Unsafe is that sections are named: no other object may be in the first, and none is; the linker says where the other
//! begins and ends, and in it are the bytes that instrumented code counts with, and nothing else.

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

/// Forgets which code the input has executed.
#[cfg(all(fuzzing, target_os = "linux"))]
pub fn hide_code() {
    unsafe extern "C" {
        #[link_name = "__start___sancov_cntrs"]
        static BEGIN: AtomicU8;
        #[link_name = "__stop___sancov_cntrs"]
        static END: AtomicU8;
    }
    let bytes = &raw const BEGIN..&raw const END;
    // SAFETY: both are ends of one section, which is there for as long as the program, and is made of such bytes.
    let counters = unsafe {
        std::slice::from_raw_parts(bytes.start, bytes.end.offset_from_unsigned(bytes.start))
    };
    counters.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
}

/// Nothing is instrumented, or the linker has other names.
#[cfg(not(all(fuzzing, target_os = "linux")))]
pub fn hide_code() {}
