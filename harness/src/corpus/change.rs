//! Changes of a corpus: what tidying would do to its files, before it is done.

use super::{CorpusError, temporary, write};
use std::fmt;
use std::path::{Path, PathBuf};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file goes, because a smaller case says the same.
    Remove {
        /// What goes.
        path: PathBuf,
        /// What stays.
        keep: PathBuf,
    },
    /// The file gets another name.
    Rename {
        /// Its name.
        from: PathBuf,
        /// The name it should have.
        to: PathBuf,
    },
    /// The file gets another text.
    Rewrite {
        /// The file.
        path: PathBuf,
        /// The text it should have.
        text: String,
    },
}

/// What there is to do, and what stands in the way of more.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order in which they have to be made.
    pub changes: Vec<Change>,
    /// Files that are left alone, and why.
    pub refused: Vec<CorpusError>,
}

impl Change {
    /// Makes the change. Interrupted, it is made or it is not; a file being renamed may be there twice.
    pub fn apply(&self) -> Result<(), CorpusError> {
        match self {
            Change::Remove { path, .. } => remove(path),
            Change::Rename { from, to } => rename(from, to),
            Change::Rewrite { path, text } => write(path, text),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Remove { path, keep } => {
                write!(f, "remove {}: {} is smaller", path.display(), keep.display())
            }
            Change::Rename { from, to } => {
                write!(f, "rename {} to {}", from.display(), to.display())
            }
            Change::Rewrite { path, .. } => write!(f, "rewrite {}", path.display()),
        }
    }
}

/// Gives a file another name, unless that is taken. Whenever this is interrupted, its text is in one of the
/// two, or in both.
fn rename(from: &Path, to: &Path) -> Result<(), CorpusError> {
    let text =
        std::fs::read_to_string(from).map_err(|error| CorpusError::io("read", from, error))?;
    let file = temporary(to, &text, true)?;
    file.persist_noclobber(to).map_err(|error| CorpusError::io("write", to, error.error))?;
    remove(from)
}

/// Removes a file.
fn remove(path: &Path) -> Result<(), CorpusError> {
    std::fs::remove_file(path).map_err(|source| CorpusError::io("remove", path, source))
}
