//! Changes of a corpus: what tidying would do to its files, before it is done.

use super::{CorpusError, remove, rename, write};
use std::fmt;
use std::path::PathBuf;

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
