//! What a worker remembers from one start to the next besides its queue: totals, and the coverage map.
//!
//! One JSON file per worker, written as a whole. Which file is whose is settled by locks of the operating
//! system on files beside them: whoever dies, however suddenly, holds none any more.

use super::Totals;
use crate::corpus::{self, CorpusError};
use crate::coverage::Map;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Raised when the file changes, or when features get other numbers, so that an old map means nothing.
const VERSION: u32 = 2;

/// Workers on one directory, at most.
pub const WORKERS: u32 = 256;

/// The content of a state file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// What this worker's campaigns came to.
    pub totals: Totals,
    /// The features they have seen, as [`Map::to_hex`] writes them.
    map: String,
}

impl State {
    /// The state with these totals and features.
    pub fn new(totals: Totals, map: &Map) -> Self {
        State { version: VERSION, totals, map: map.to_hex() }
    }

    /// The features.
    pub fn map(&self) -> Map {
        Map::from_hex(&self.map).unwrap_or_default()
    }

    /// Reads a file. `None` if there is none, or if it is of another version.
    pub fn load(path: &Path) -> Result<Option<Self>, CorpusError> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| CorpusError::io("read", path, error))?,
        };
        let state = serde_json::from_str(&text);
        let state: State = state.map_err(|error| CorpusError::io("read", path, error.into()))?;
        Ok((state.version == VERSION && Map::from_hex(&state.map).is_some()).then_some(state))
    }

    /// Writes a file, as a whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), CorpusError> {
        let text = serde_json::to_string(self).expect("plain values can be written as JSON");
        corpus::write_unflushed(path, &format!("{text}\n"))
    }
}

/// A worker's place in a directory: nobody else writes its state.
#[derive(Debug)]
pub struct Slot {
    /// Its number; the lowest that was free.
    pub number: u32,
    /// Its state file.
    pub path: PathBuf,
    /// Held until the process ends.
    _lock: File,
}

impl Slot {
    /// Takes the first free place of a directory.
    pub fn take(directory: &Path) -> Result<Self, CorpusError> {
        for number in 0..WORKERS {
            let path = directory.join(format!("worker-{number}.lock"));
            let fail = |error| CorpusError::io("lock", &path, error);
            let lock = File::options().create(true).append(true).open(&path).map_err(fail)?;
            match lock.try_lock() {
                Ok(()) => {
                    let path = directory.join(format!("worker-{number}.json"));
                    return Ok(Slot { number, path, _lock: lock });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
        let full = io::Error::other("all places are taken");
        Err(CorpusError::io("lock", directory, full))
    }
}

/// The states of all workers of a directory, whether they live or not. One that is damaged is no reason to do
/// without the others.
pub fn all(directory: &Path) -> impl Iterator<Item = Result<State, CorpusError>> {
    let path = |number| directory.join(format!("worker-{number}.json"));
    (0..WORKERS).filter_map(move |number| State::load(&path(number)).transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("worker-0.json");
        assert_eq!(State::load(&path).unwrap(), None);
        let mut map = Map::default();
        map.add(17);
        let state = State::new(Totals { runs: 3, cases: 2, failures: 1 }, &map);
        state.save(&path).unwrap();
        let read = all(directory.path()).next().unwrap().unwrap();
        assert_eq!((all(directory.path()).count(), &read), (1, &state));
        assert!(read.map().contains(17) && !state.map().contains(18));
    }

    #[test]
    fn what_is_no_state_is_an_error_of_its_own_and_another_version_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("worker-0.json");
        std::fs::write(&path, "nonsense").unwrap();
        assert!(State::load(&path).is_err());
        let whole = State::new(Totals::default(), &Map::default());
        whole.save(&directory.path().join("worker-1.json")).unwrap();
        let read: Vec<_> = all(directory.path()).map(Result::ok).collect();
        assert_eq!(read, [None, Some(whole)]);
        let old = State { version: VERSION + 1, ..State::new(Totals::default(), &Map::default()) };
        old.save(&path).unwrap();
        assert_eq!(State::load(&path).unwrap(), None);
    }

    #[test]
    fn a_place_is_taken_until_its_owner_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let take = || Slot::take(directory.path()).unwrap();
        let (first, second) = (take(), take());
        assert_eq!((first.number, second.number), (0, 1));
        drop(first);
        assert_eq!(take().number, 0);
    }
}
