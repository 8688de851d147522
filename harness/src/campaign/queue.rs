//! The queue of a campaign: the cases that it kept, as files.
//!
//! In `DIR/queue/KERNEL/`, one case file each, named by a hash of its text. So two workers that keep the same
//! case write the same file, and nobody has to ask whose name is free. Files appear whole, by renaming, and
//! nobody deletes them; there are at most as many as coverage has features. They are not flushed to the disk
//! one by one: the death of a process loses nothing, and what a power failure leaves unreadable is skipped.

use crate::case::Case;
use crate::corpus::{self, CorpusError, EXTENSION};
use crate::coverage::stable_hash;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The cases that the campaigns on one directory and one kernel kept.
pub struct Queue {
    directory: PathBuf,
    /// Files that were listed or written.
    known: BTreeSet<PathBuf>,
}

impl Queue {
    /// The queue of a kernel below a directory, which is made if there is none.
    pub fn open(directory: &Path, kernel: &str) -> Result<Self, CorpusError> {
        let directory = directory.join("queue").join(kernel);
        corpus::check_writable(&directory)?;
        corpus::remove_leftovers(&directory)?;
        Ok(Queue { directory, known: BTreeSet::new() })
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Adds a case.
    pub fn add(&mut self, case: &Case) -> Result<(), CorpusError> {
        let text = case.to_string();
        let path = self.directory.join(format!("{:016x}.{EXTENSION}", stable_hash(text.bytes())));
        if self.known.insert(path.clone()) {
            corpus::write_unflushed(&path, &text)?;
        }
        Ok(())
    }

    /// The files that were neither listed nor written here, sorted by name.
    pub fn news(&mut self) -> Result<Vec<PathBuf>, CorpusError> {
        let mut files = corpus::list(&self.directory)?;
        files.retain(|path| self.known.insert(path.clone()));
        Ok(files)
    }
}
