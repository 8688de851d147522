//! The corpus: a directory of case files, one for each known failure.
//!
//! A file's name says the revision and the signature; what it means is only in its text. How files are read and
//! written is in `file`.
//!
//! [`check`] says whether everything in it is so; [`certify`], [`dedup`], [`rename`] and [`upgrade`] say what would
//! make it tidy, each as [`change`]s that somebody else makes or only looks at.

mod behaviour;
pub mod certify;
pub mod change;
pub mod check;
pub mod dedup;
mod file;
pub mod rename;
pub mod upgrade;

pub use file::{check_output, check_writable, remove_leftovers, write, write_unflushed};

use crate::case::check::Problem;
use crate::case::error::{CaseError, harmless};
use crate::case::parse::{locate, parse_bytes};
use crate::case::{Case, Expect, Signature};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::{fmt, io};

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
            CorpusError::Io { .. } => format!("error: {self}"),
            CorpusError::Case { path, text, error } => error.render(&shown(path), text, color),
        }
    }
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorpusError::Io { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", shown(path))
            }
            CorpusError::Case { path, error, .. } => write!(f, "{}:{error}", shown(path)),
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

/// The path that stands for standard input, and for standard output.
pub const STANDARD: &str = "-";

/// A path for a reader.
pub fn shown(path: &Path) -> String {
    harmless(&path.to_string_lossy())
}

impl CaseFile {
    /// Reads one case file, or standard input.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        if path == STANDARD {
            return CaseFile::of(Path::new("<stdin>"), file::read(io::stdin()));
        }
        CaseFile::of(path, File::open(path).and_then(file::read))
    }

    /// What was read from a path.
    fn of(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<Self, CorpusError> {
        let bytes = bytes.map_err(|source| match source.kind() {
            io::ErrorKind::IsADirectory => {
                let why = "it is a directory; this takes a case file, such as one in it";
                CorpusError::io("read", path, io::Error::new(source.kind(), why))
            }
            _ => CorpusError::io("read", path, source),
        })?;
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
/// named, it is in the list once. A path that does not exist stays in it, so that its reader says so.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CorpusError> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let named = if path.is_dir() { list(path)? } else { vec![path.clone()] };
        let new = named.into_iter();
        files.extend(new.filter(|it| seen.insert(it.canonicalize().unwrap_or(it.clone()))));
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
