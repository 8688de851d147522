//! The `mmreap` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mmreap_cli::run()
}
