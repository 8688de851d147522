//! What the address sanitizer, if there is one, has to be told.
//!
//! It asks for its options by calling a function of this name. Stacks of simulated threads are memory that the
//! leak checker does not look through, so at the end of a session it would take what they hold for lost;
//! and the stacks that it keeps to find uses after a return would pile up with every run that is cut short.
//! Freed memory it keeps back for a while, to find who still uses it: by itself 256 MB, in which there is room for
//! thousands of runs, and 16 MB are hundreds. `ASAN_OPTIONS` still overrides all of it. The attribute is all that is
//! unsafe here: nobody else may define the name, and nobody does.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

const OPTIONS: &CStr = c"detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=16";

/// Called by the address sanitizer before anything else runs.
#[unsafe(no_mangle)]
pub extern "C" fn __asan_default_options() -> *const c_char {
    OPTIONS.as_ptr()
}
