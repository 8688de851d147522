//! The corpus: a directory of case files, one for each known failure.
//!
//! Files are written to a temporary name beside their place and then renamed, so that an interrupted
//! program leaves either the old file or the new one. A file's name says the revision and the signature;
//! what it means is only in its text.
//!
//! [`check`] says whether everything in it is so; [`dedup`], [`rename`] and [`upgrade`] say what would make it
//! tidy, each as [`change`]s that somebody else makes or only looks at.

pub mod change;
pub mod check;
pub mod dedup;
pub mod rename;
pub mod upgrade;

use crate::case::check::Problem;
use crate::case::error::CaseError;
use crate::case::parse::{locate, parse_bytes};
use crate::case::{Case, Expect, Signature};
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// The ending of case files.
pub const EXTENSION: &str = "mmreap";

/// Why a case file could not be used, or what is wrong with it.
#[derive(Debug)]
pub enum CorpusError {
    /// The file system said no.
    Io {
        /// What was tried: `read`, `write`, `list`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The text is not a case, or what it says is not so.
    Case {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        text: Vec<u8>,
        /// What is wrong, and where.
        error: Box<CaseError>,
    },
}

impl CorpusError {
    /// The file system said no to an action on a path.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        CorpusError::Io { action, path: path.to_path_buf(), source }
    }

    /// Something is wrong at a place of a file's text.
    fn case(path: &Path, text: Vec<u8>, error: CaseError) -> Self {
        CorpusError::Case { path: path.to_path_buf(), text, error: Box::new(error) }
    }

    /// The message for a person, with the lines of the file that matter.
    pub fn render(&self, color: bool) -> String {
        match self {
            CorpusError::Io { action, path, source } => {
                format!("error: cannot {action} {}: {source}", path.display())
            }
            CorpusError::Case { path, text, error } => {
                error.render(&path.display().to_string(), text, color)
            }
        }
    }
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorpusError::Io { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            CorpusError::Case { path, error, .. } => write!(f, "{}:{error}", path.display()),
        }
    }
}

impl std::error::Error for CorpusError {}

/// A case file that was read.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What the text means.
    pub case: Case,
}

impl CaseFile {
    /// Reads one case file.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        let bytes = std::fs::read(path).map_err(|source| CorpusError::io("read", path, source))?;
        match parse_bytes(&bytes) {
            Ok(case) => {
                let text = String::from_utf8(bytes).expect("the parser refuses what is no text");
                Ok(CaseFile { path: path.to_path_buf(), text, case })
            }
            Err(error) => Err(CorpusError::case(path, bytes, error)),
        }
    }

    /// The problem as an error of this file.
    pub fn error(&self, problem: Problem) -> CorpusError {
        CorpusError::case(&self.path, self.text.clone().into(), locate(&self.text, problem))
    }
}

/// Reads the case of one file.
pub fn load(path: &Path) -> Result<Case, CorpusError> {
    CaseFile::read(path).map(|file| file.case)
}

/// The files that paths stand for: a directory for its case files, sorted by name. However often a file is
/// named, it is there once.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CorpusError> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let named = if path.is_dir() { list(path)? } else { vec![path.clone()] };
        for file in named {
            let real =
                file.canonicalize().map_err(|error| CorpusError::io("read", &file, error))?;
            if seen.insert(real) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The case files of a directory, sorted by name. A directory that does not exist is empty.
pub fn list(directory: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| CorpusError::io("list", directory, source))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| CorpusError::io("list", directory, source))?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Makes sure, before any work is done, that files can be written into the directory.
pub fn check_writable(directory: &Path) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::io("write to", directory, source);
    std::fs::create_dir_all(directory).map_err(fail)?;
    let mut probe = readable().tempfile_in(directory).map_err(fail)?;
    probe.write_all(b"probe\n").and_then(|()| probe.as_file().sync_all()).map_err(fail)
}

/// Writes a text file as a whole or not at all, also if the power fails.
pub fn write(path: &Path, text: &str) -> Result<(), CorpusError> {
    replace(path, text, true)
}

/// Writes a text file as a whole or not at all, unless the power fails: for what is written often.
pub fn write_unflushed(path: &Path, text: &str) -> Result<(), CorpusError> {
    replace(path, text, false)
}

fn replace(path: &Path, text: &str, flush: bool) -> Result<(), CorpusError> {
    let file = temporary(path, text, flush)?;
    file.persist(path).map_err(|error| CorpusError::io("write", path, error.error))?;
    Ok(())
}

/// The text in a file beside the path.
fn temporary(path: &Path, text: &str, flush: bool) -> Result<NamedTempFile, CorpusError> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fail = |source| CorpusError::io("write", path, source);
    let mut file = readable().tempfile_in(directory).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    if flush {
        file.as_file().sync_all().map_err(fail)?;
    }
    Ok(file)
}

/// The beginning of the names of files that are being written.
const TEMPORARY: &str = ".mmreap-";

/// How old a temporary file is that nobody writes any more: writing takes milliseconds.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// Removes what killed processes left half written in a directory.
pub fn remove_leftovers(directory: &Path) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::io("list", directory, source);
    for entry in std::fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let is_temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        let age = entry.metadata().and_then(|it| it.modified()).map(|time| time.elapsed());
        if is_temporary && matches!(age, Ok(Ok(age)) if age > LEFT_OVER) {
            // If somebody else removes it at the same time, that is as well.
            let _ = std::fs::remove_file(entry.path());
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

/// The name of the file for a failure: revision, oracle, object and places.
pub fn file_name(case: &Case, signature: &Signature) -> String {
    let words = [&signature.oracle, &signature.object].into_iter().chain(&signature.sites);
    let words: Vec<String> = words.map(|word| slug(word)).collect();
    format!("{}-{}.{EXTENSION}", case.kernel, words.join("-"))
}

/// The file for a failure in a directory: the one that has it, or the first that is free. Names are shorter than
/// signatures, so that different failures may have the same one; then the later ones are numbered.
pub fn place(directory: &Path, case: &Case, signature: &Signature) -> PathBuf {
    let name = file_name(case, signature);
    let path = |number: u32| match (number, name.rsplit_once('.')) {
        (2.., Some((stem, extension))) => directory.join(format!("{stem}-{number}.{extension}")),
        _ => directory.join(&name),
    };
    let has_it = |path: &PathBuf| {
        load(path).is_ok_and(|it| it.kernel == case.kernel && expected(&it) == Some(signature))
    };
    let mut places = (1..).map(path);
    places.find(|path| !path.exists() || has_it(path)).expect("one of all numbers is free")
}

fn slug(word: &str) -> String {
    let word = word.to_lowercase();
    let mapped = word.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    mapped.collect::<String>().trim_matches('_').to_string()
}

/// The signature that a case expects on its own revision.
pub fn expected(case: &Case) -> Option<&Signature> {
    match &case.expect {
        Some(Expect::Fail(signature)) => Some(signature),
        _ => None,
    }
}
