//! The reader of cases: it never panics, and what it read survives printing.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mmreap_fuzz::case_text::check(data));
