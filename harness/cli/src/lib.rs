//! The `mmreap` command: [`mmreap_harness`] for people and scripts.
//!
//! Arguments, printing, pages and reports; and [`mod@bench`], which measures how fast the harness finds what is
//! known. It is a crate of its own so that who uses the harness from a program compiles nothing of all that.

#![forbid(unsafe_code)]

pub mod bench;
mod command;
pub mod page;
pub mod report;

pub use command::run;

use mmreap_harness::Harness;
use std::process::ExitCode;

/// The command for kernels of somebody's own, as the last word of a program:
///
/// ```no_run
/// use mmreap::prelude::*;
/// use mmreap_cli::Main;
/// use mmreap_harness::Harness;
/// use std::process::ExitCode;
///
/// static MINE: Revision = V4_15.patched("mine", "what it changes");
///
/// fn main() -> ExitCode {
///     Harness::new().kernel(&MINE).main()
/// }
/// ```
pub trait Main {
    /// Does what the arguments of this process ask for: every command of `mmreap`, and who does not say which kernel to
    /// attack attacks the harness's.
    fn main(self) -> ExitCode;
}

impl Main for Harness {
    fn main(self) -> ExitCode {
        run()
    }
}
