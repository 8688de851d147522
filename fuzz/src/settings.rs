//! What the environment asks for.
//!
//! libFuzzer owns the command line, so a session is configured by variables:
//!
//! | variable | meaning |
//! |---|---|
//! | `MMREAP_KERNEL` | every case runs on this release or mutant, whatever its `kernel` line says |
//! | `MMREAP_KNOWN` | a directory of cases; failures that they expect on the kernel are not crashes |
//!
//! Without `MMREAP_KNOWN`, a directory `known` beside the program is one: ClusterFuzz and OSS-Fuzz run targets in an
//! environment of their own.
//!
//! A value that cannot be used ends the process before the first run: a session that attacked something
//! else than was asked for would be worse than none.

use mmreap::revision::Revision;
use mmreap_harness::campaign::known::Known;
use mmreap_harness::kernel;
use std::path::PathBuf;
use std::process::exit;
use std::sync::LazyLock;

/// A session's settings.
#[derive(Default)]
pub struct Settings {
    /// Overrides the kernel of every case.
    pub kernel: Option<&'static Revision>,
    /// Failures that are no news.
    pub known: Known,
}

/// The settings of this process.
pub static SETTINGS: LazyLock<Settings> = LazyLock::new(|| Settings {
    kernel: kernel_from_environment(),
    known: known_from_environment(),
});

impl Settings {
    /// The name of the kernel for cases that do not say one.
    pub fn kernel_for_new_cases(&self) -> &'static str {
        self.kernel.unwrap_or_else(kernel::default).name
    }
}

fn kernel_from_environment() -> Option<&'static Revision> {
    let name = std::env::var("MMREAP_KERNEL").ok()?;
    let revision = kernel::find(&name);
    Some(revision.unwrap_or_else(|| refuse(&format!("MMREAP_KERNEL: there is no kernel `{name}`"))))
}

fn known_from_environment() -> Known {
    let Some(directory) = known_directory() else {
        return Known::default();
    };
    let warn = |error| eprintln!("warning: {error}");
    let known = Known::load(&directory, warn);
    known.unwrap_or_else(|error| refuse(&format!("known failures: {error}")))
}

fn known_directory() -> Option<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.with_file_name("known"));
    let asked = std::env::var_os("MMREAP_KNOWN").map(PathBuf::from);
    asked.or_else(|| beside().filter(|directory| directory.is_dir()))
}

fn refuse(message: &str) -> ! {
    eprintln!("error: {message}");
    exit(2)
}
