//! The reader of cases: it never panics, and what it read survives printing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mmreap_fuzz::{case_text::check, input::Input};

fuzz_target!(|input: Input<'_>| check(input.0));
