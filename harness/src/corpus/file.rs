//! Files: how text is read and written, whatever a path stands for.
//!
//! A regular file is written to a temporary name beside its place and then renamed, so that an interrupted
//! program leaves either the old file or the new one. That is right for nothing else: a device or a pipe is
//! written through, and of a symbolic link the file that it leads to is replaced. What is read is read only as
//! far as a case can be long.

use super::{CorpusError, STANDARD};
use crate::case::limit;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Where the text for a path goes.
enum Destination {
    /// Into what is there, which cannot be replaced.
    Through,
    /// To a regular file, which need not be there yet.
    File(PathBuf),
}

/// Reads so much of something that a case is not longer.
pub(super) fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit::BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a text file as a whole or not at all, also if the power fails.
pub fn write(path: &Path, text: &str) -> Result<(), CorpusError> {
    put(path, text, true)
}

/// Writes a text file as a whole or not at all, unless the power fails: for what is written often.
pub fn write_unflushed(path: &Path, text: &str) -> Result<(), CorpusError> {
    put(path, text, false)
}

fn put(path: &Path, text: &str, flush: bool) -> Result<(), CorpusError> {
    let done = destination(path).and_then(|destination| match destination {
        Destination::Through => append(path, text),
        Destination::File(place) => replace(&place, text, flush),
    });
    done.map_err(|error| CorpusError::io("write", path, error))
}

/// Links in a row before they are taken for a ring, as in the kernel.
const LINKS: usize = 40;

/// Follows links, of which the last may lead to a file that is not there yet.
fn destination(path: &Path) -> io::Result<Destination> {
    match fs::metadata(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(found) if !found.is_file() => return Ok(Destination::Through),
        _ => {}
    }
    let mut place = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&place) else { return Ok(Destination::File(place)) };
        let directory = directory_of(&place);
        // What such a link leads to is an open file, which is not where its text says.
        if directory.canonicalize().is_ok_and(|real| real.starts_with("/proc")) {
            return Ok(Destination::Through);
        }
        place = directory.join(target);
    }
    Err(io::Error::other("too many links"))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    File::options().append(true).open(path)?.write_all(text.as_bytes())
}

/// Replaces a regular file that may be written; the new one may be read and written by the same people.
fn replace(place: &Path, text: &str, flush: bool) -> io::Result<()> {
    let old = match File::options().append(true).open(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        old => Some(old?),
    };
    let file = temporary(place, text, flush)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.metadata()?.permissions())?;
    }
    file.persist(place)?;
    Ok(())
}

/// The text in a file beside the place.
pub(super) fn temporary(place: &Path, text: &str, flush: bool) -> io::Result<NamedTempFile> {
    let mut file = readable().tempfile_in(directory_of(place))?;
    file.write_all(text.as_bytes())?;
    if flush {
        file.as_file().sync_all()?;
    }
    Ok(file)
}

/// Makes sure, before any work is done, that files can be written into the directory.
pub fn check_writable(directory: &Path) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::io("write to", directory, source);
    if directory == STANDARD {
        return Err(fail(io::Error::other("it is standard output, and no directory")));
    }
    fs::create_dir_all(directory).map_err(fail)?;
    let mut probe = readable().tempfile_in(directory).map_err(fail)?;
    probe.write_all(b"probe\n").and_then(|()| probe.as_file().sync_all()).map_err(fail)
}

/// Makes sure, before any work is done, that a path can be written, without changing what is there.
pub fn check_output(path: &Path) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::io("write", path, source);
    match destination(path).map_err(fail)? {
        Destination::Through if path.is_dir() => Err(fail(io::ErrorKind::IsADirectory.into())),
        Destination::Through => Ok(()),
        Destination::File(place) => check_writable(directory_of(&place)),
    }
}

/// The beginning of the names of files that are being written.
const TEMPORARY: &str = ".mmreap-";

/// How old a temporary file is that nobody writes any more: writing takes milliseconds.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Removes what killed processes left half written in a directory.
pub fn remove_leftovers(directory: &Path) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::io("list", directory, source);
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let is_temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        let age = entry.metadata().and_then(|it| it.modified()).map(|time| time.elapsed());
        if is_temporary && matches!(age, Ok(Ok(age)) if age > LEFT_OVER) {
            // If somebody else removes it at the same time, that is as well.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Temporary files are private unless told otherwise; cases are for everybody whom the umask admits.
fn readable() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
