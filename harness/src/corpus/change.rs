//! Changes of a corpus: what tidying would do to its files, before it is done.

use super::file::temporary;
use super::{CorpusError, shown, write};
use std::fmt;
use std::path::{Path, PathBuf};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file goes, because a case that is not larger says the same.
    Remove {
        /// What goes.
        path: PathBuf,
        /// What stays.
        keep: PathBuf,
        /// Whether what stays is smaller.
        is_smaller: bool,
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
            Change::Remove { path, keep, is_smaller } => {
                let how = if *is_smaller { "smaller" } else { "as small" };
                write!(f, "remove {}: {} is {how}", shown(path), shown(keep))
            }
            Change::Rename { from, to } => {
                write!(f, "rename {} to {}", shown(from), shown(to))
            }
            Change::Rewrite { path, .. } => write!(f, "rewrite {}", shown(path)),
        }
    }
}

/// Gives a file another name in its directory, unless that is taken. Whenever this is interrupted, its text is
/// in one of the two, or in both. A link stays a link.
fn rename(from: &Path, to: &Path) -> Result<(), CorpusError> {
    #[cfg(unix)]
    if let Ok(target) = std::fs::read_link(from) {
        let linked = std::os::unix::fs::symlink(target, to);
        linked.map_err(|error| CorpusError::io("write", to, error))?;
        return remove(from);
    }
    let text =
        std::fs::read_to_string(from).map_err(|error| CorpusError::io("read", from, error))?;
    let file = temporary(to, &text, true).map_err(|error| CorpusError::io("write", to, error))?;
    file.persist_noclobber(to).map_err(|error| CorpusError::io("write", to, error.error))?;
    remove(from)
}

/// Removes a file.
fn remove(path: &Path) -> Result<(), CorpusError> {
    std::fs::remove_file(path).map_err(|source| CorpusError::io("remove", path, source))
}
