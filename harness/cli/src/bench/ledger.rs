//! Hunts that have come to an end, as lines of JSON in a file: a bench can be interrupted, and extended by seeds, arms
//! and bugs, and takes what is there.
//!
//! What is in it is good for the program that wrote it: who changes what is measured begins another one. A line
//! that is cut off, because the power failed, is a hunt that has not ended.

use super::cpu::Take;
use super::hunt::Hunt;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// What makes a hunt the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    bug: String,
    kernel: String,
    arm: String,
    seed: u64,
    schedules: u64,
    cap: u64,
}

impl Key {
    fn of(hunt: &Hunt) -> Self {
        let Hunt { bug, arm, seed, schedules, cap } = *hunt;
        let (kernel, arm) = (bug.kernel.to_string(), arm.name.to_string());
        Key { bug: bug.id.to_string(), kernel, arm, seed, schedules, cap }
    }
}

/// A line.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    take: Take,
}

/// The hunts, and the file that they are kept in.
#[derive(Debug, Default)]
pub struct Ledger {
    takes: HashMap<Key, Take>,
    file: Option<File>,
}

impl Ledger {
    /// What a file has, which is made if there is none. What ends is added to it.
    ///
    /// # Errors
    ///
    /// If it cannot be read and written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::options().read(true).append(true).create(true).open(path)?;
        let text = io::read_to_string(&mut file)?;
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let takes = lines.map(|Line { key, take }| (key, take)).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(file)?;
        }
        Ok(Ledger { takes, file: Some(file) })
    }

    /// What became of a hunt, if that is known.
    pub fn find(&self, hunt: &Hunt) -> Option<Take> {
        self.takes.get(&Key::of(hunt)).copied()
    }

    /// Keeps what became of a hunt.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn add(&mut self, hunt: &Hunt, take: Take) -> io::Result<()> {
        let line = Line { key: Key::of(hunt), take };
        let text = serde_json::to_string(&line)? + "\n";
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(text.as_bytes()))?;
        self.takes.insert(line.key, take);
        Ok(())
    }
}
