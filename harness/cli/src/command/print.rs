//! Printing: every word that a command says goes through here.
//!
//! What cannot be printed ends the command: quietly if nobody reads any more, as a signal would, and otherwise
//! with a message. What cannot be said on standard error is not said, because there is nobody to say it to.

use super::CANNOT;
use mmreap_harness::corpus::{self, CorpusError, STANDARD};
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// The exit code of a command whose output nobody reads any more: what a shell says of one that got SIGPIPE.
const UNREAD: u8 = 141;

/// Prints a line to standard output.
macro_rules! outln {
    ($($words:tt)*) => { $crate::command::print::out(format_args!("{}\n", format_args!($($words)*))) };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($words:tt)*) => { $crate::command::print::err(format_args!("{}\n", format_args!($($words)*))) };
}

pub(super) use {errln, outln};

/// Prints to standard output, with colours where somebody sees them.
pub fn out(words: Arguments<'_>) {
    anstream::stdout().lock().write_fmt(words).unwrap_or_else(|error| give_up(&error));
}

/// Prints to standard error, with colours where somebody sees them.
pub fn err(words: Arguments<'_>) {
    let _ = anstream::stderr().lock().write_fmt(words);
}

/// Prints what is still held back.
pub fn flush() {
    io::stdout().flush().unwrap_or_else(|error| give_up(&error));
}

fn give_up(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(UNREAD.into());
    }
    errln!("error: cannot write to standard output: {error}");
    std::process::exit(CANNOT.into());
}

/// Writes a text where an `--output` says.
pub fn write(path: &Path, text: &str) -> Result<(), CorpusError> {
    if is_standard_output(path) {
        out(format_args!("{text}"));
        return Ok(());
    }
    corpus::write(path, text)
}

/// Prints what is said besides what goes to an `--output`: not into it.
pub fn beside(output: Option<&Path>, words: Arguments<'_>) {
    if output.is_some_and(is_standard_output) { err(words) } else { out(words) }
}

/// Whether a path is a name of what this process prints to, such as `-` and `/dev/stdout`.
pub fn is_standard_output(path: &Path) -> bool {
    path == STANDARD || is_open_as_output(path).unwrap_or(false)
}

#[cfg(unix)]
fn is_open_as_output(path: &Path) -> io::Result<bool> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let output = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?;
    let named = std::fs::metadata(path)?;
    Ok((named.dev(), named.ino()) == (output.dev(), output.ino()))
}

#[cfg(not(unix))]
fn is_open_as_output(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// The columns of the terminal, or as many as `COLUMNS` says; none if what is printed goes somewhere else.
pub fn columns() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|told| told.parse().ok());
    let seen = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    told.filter(|&told: &usize| told > 0).or_else(seen)
}
