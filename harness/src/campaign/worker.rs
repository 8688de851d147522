//! A worker: a campaign on a directory. It can be killed at any moment, and the next one goes on.
//!
//! | in the directory | what |
//! |---|---|
//! | `*.mmreap` | what was found: written as it failed, then again when it is small |
//! | `queue/KERNEL/*.mmreap` | what was kept, see [`Queue`] |
//! | `queue/KERNEL/worker-N.json` | totals and coverage, see [`State`] |
//!
//! A worker that starts replays as many cases of the queue as its pool holds, chosen by its seed, and takes its coverage
//! from the states of all workers. The rest of the queue it replays later, in between, for somebody may have copied files
//! of another directory there, of which no state knows; to replay all of them first took 3.8 s for 6,115 files. What in the directory cannot be read is told once, and passed over. Workers that are members of a team learn from time to time what the others have shown
//! and found in the meantime, so that none keeps what another has; each changes the cases that it kept itself.
//! One that works alone does not, so that its seed decides everything.

use super::known::Known;
use super::pool::MOST as POOL;
use super::queue::Queue;
use super::state::{self, Slot, State};
use super::{Campaign, Found, Limit, Totals};
use crate::case::Case;
use crate::corpus::{self, CorpusError};
use crate::coverage::{Map, stable_hash};
use crate::deadline::Deadline;
use crate::minimize::{fits, measure};
use crate::schedule::derive_seed;
use mmreap::revision::Revision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two looks at the clock of the worker, and two reports.
const REPORT: Duration = Duration::from_millis(200);
/// How much of the totals dies with a worker, at most.
const SAVE: Duration = Duration::from_millis(500);
/// Of so many runs one replays a case of the queue that was not looked at when the worker started.
const REPLAY: u64 = 10;
/// How long members of a team know nothing of what the others have shown and found.
const IMPORT: Duration = Duration::from_secs(1);

/// What a worker is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The release or mutant to attack.
    pub revision: &'static Revision,
    /// Where all chance comes from.
    pub seed: u64,
    /// Where everything is written.
    pub directory: PathBuf,
    /// Whether others work on the directory, and are to be listened to.
    pub is_member: bool,
    /// What to attack in the place of cases made of nothing.
    pub given: Vec<Case>,
}

/// What a worker tells, also across processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Something in the directory cannot be used, and is passed over.
    Warning(String),
    /// It has replayed so many cases of the queue, of those that come first.
    Resuming {
        /// So many.
        done: usize,
        /// Of so many.
        all: usize,
    },
    /// What the worker came to since it started.
    Progress(Progress),
    /// It has begun to minimise a failure.
    Minimising(String),
    /// It has written a failure down.
    Found(Finding),
    /// It could not write this case, and will end.
    Unwritten(String),
}

/// Who hears what a worker tells.
pub type Tell<'a> = &'a mut dyn FnMut(Event);

/// What a worker came to since it started.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// What was counted.
    pub totals: Totals,
    /// Features of coverage, older ones included.
    pub features: u32,
    /// Cases kept.
    pub kept: u64,
}

/// A failure that was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its signature.
    pub signature: String,
    /// The name of its file in the directory.
    pub file: String,
    /// Runs of the worker before it.
    pub runs: u64,
    /// Whether minimising came to its end before the time was up.
    pub is_minimal: bool,
}

/// A campaign on a directory.
pub struct Worker {
    settings: Settings,
    campaign: Campaign,
    queue: Queue,
    slot: Slot,
    /// What the workers of this place came to before this one.
    before: Totals,
    kept: u64,
    /// Files of the queue that are to be replayed in between.
    backlog: Vec<PathBuf>,
    /// Files of failures that were looked at.
    findings: BTreeSet<PathBuf>,
    /// Signatures and warnings that were told.
    told: BTreeSet<String>,
    reported: Instant,
    saved: Instant,
    imported: Instant,
}

impl Worker {
    /// Takes a place in the directory.
    pub fn start(settings: Settings) -> Result<Self, CorpusError> {
        corpus::check_writable(&settings.directory)?;
        corpus::remove_leftovers(&settings.directory)?;
        let queue = Queue::open(&settings.directory, settings.revision.name)?;
        let slot = Slot::take(queue.directory())?;
        let seed = match slot.number {
            0 => settings.seed,
            number => derive_seed(settings.seed, u64::from(number)),
        };
        let campaign = Campaign::new(settings.revision, seed).on(settings.given.clone());
        let now = Instant::now();
        Ok(Worker {
            settings,
            campaign,
            queue,
            slot,
            before: Totals::default(),
            kept: 0,
            backlog: Vec::new(),
            findings: BTreeSet::new(),
            told: BTreeSet::new(),
            reported: now,
            saved: now,
            imported: now,
        })
    }

    /// Learns what is in the directory, then works until the limit.
    pub fn work(&mut self, tell: Tell<'_>, limit: &Limit<'_>) -> Result<(), CorpusError> {
        self.resume(tell, limit.deadline)?;
        while !limit.is_reached(self.progress().totals.runs) {
            if let Some(found) = self.campaign.run() {
                self.keep(found, tell, limit.deadline)?;
            }
            if self.campaign.totals.runs.is_multiple_of(REPLAY) {
                self.replay_one(tell, limit.deadline)?;
            }
            self.write_queue()?;
            self.now_and_then(tell)?;
        }
        tell(Event::Progress(self.progress()));
        self.save()
    }

    /// What was kept comes first: it is worth changing for what it shows, however often that was seen. It gets half
    /// of the time at most.
    fn resume(&mut self, tell: Tell<'_>, deadline: Deadline<'_>) -> Result<(), CorpusError> {
        let half = deadline.part(2);
        self.import_findings(tell)?;
        self.backlog = self.queue.news()?;
        self.shuffle_backlog();
        let all = self.backlog.len().min(POOL);
        for done in 0..all {
            if half.is_over() {
                break;
            }
            if done == 0 || self.reported.elapsed() >= REPORT {
                self.reported = Instant::now();
                tell(Event::Resuming { done, all });
            }
            self.replay_one(tell, half)?;
        }
        self.import_coverage(tell);
        self.before = self.own_state(tell).map(|state| state.totals).unwrap_or_default();
        self.campaign.totals = self.before;
        Ok(())
    }

    /// Which cases come first is the seed's business, so that each worker of a team begins with others.
    fn shuffle_backlog(&mut self) {
        let (seed, number) = (self.settings.seed, u64::from(self.slot.number));
        let seed = derive_seed(seed, number);
        let name =
            |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let place =
            |path: &PathBuf| derive_seed(seed, stable_hash(name(path).unwrap_or_default().bytes()));
        self.backlog.sort_by_cached_key(place);
    }

    /// Replays a case of the queue, which is none of the campaign's own runs. What a power failure left unreadable is
    /// missed by nobody.
    fn replay_one(&mut self, tell: Tell<'_>, deadline: Deadline<'_>) -> Result<(), CorpusError> {
        let totals = self.campaign.totals;
        let case = self.backlog.pop().and_then(|file| corpus::load(&file).ok());
        let found = case.and_then(|case| self.campaign.adopt(case));
        self.campaign.totals = totals;
        found.map_or(Ok(()), |found| self.keep(found, tell, deadline))
    }

    /// What the worker that had this place before has left.
    fn own_state(&mut self, tell: Tell<'_>) -> Option<State> {
        State::load(&self.slot.path).unwrap_or_else(|error| {
            self.warn(&error, tell);
            None
        })
    }

    /// Tells once that something cannot be used.
    fn warn(&mut self, error: &CorpusError, tell: Tell<'_>) {
        let text = format!("{error}; it is passed over");
        if self.told.insert(text.clone()) {
            tell(Event::Warning(text));
        }
    }

    /// What it came to since it started.
    fn progress(&self) -> Progress {
        let (now, before) = (self.campaign.totals, self.before);
        let totals = Totals {
            runs: now.runs - before.runs,
            cases: now.cases - before.cases,
            failures: now.failures - before.failures,
        };
        let features = self.campaign.map().map_or(0, Map::count);
        Progress { totals, features, kept: self.kept }
    }

    fn now_and_then(&mut self, tell: Tell<'_>) -> Result<(), CorpusError> {
        let now = Instant::now();
        if now - self.reported >= REPORT {
            self.reported = now;
            tell(Event::Progress(self.progress()));
        }
        if now - self.saved >= SAVE {
            self.saved = now;
            self.save()?;
        }
        if self.settings.is_member && now - self.imported >= IMPORT {
            self.imported = now;
            self.import_findings(tell)?;
            self.import_coverage(tell);
        }
        Ok(())
    }

    fn save(&self) -> Result<(), CorpusError> {
        let map = self.campaign.map().expect("a worker's campaign is guided");
        State::new(self.campaign.totals, map).save(&self.slot.path)
    }

    fn write_queue(&mut self) -> Result<(), CorpusError> {
        for case in self.campaign.take_kept() {
            self.kept += 1;
            self.queue.add(&case)?;
        }
        Ok(())
    }

    /// Learns what all workers have shown. Their cases are not run again: that would cost a seventh of all
    /// runs, for cases that those who kept them are changing already.
    fn import_coverage(&mut self, tell: Tell<'_>) {
        let directory = self.queue.directory().to_path_buf();
        for state in state::all(&directory) {
            match state {
                Ok(state) => self.campaign.merge(&state.map()),
                Err(error) => self.warn(&error, tell),
            }
        }
    }

    /// Learns which failures have been written down.
    fn import_findings(&mut self, tell: Tell<'_>) -> Result<(), CorpusError> {
        let mut known = Known::default();
        for path in corpus::list(&self.settings.directory)? {
            if self.findings.insert(path.clone()) {
                match corpus::load(&path) {
                    Ok(case) => known.add(&case),
                    Err(error) => self.warn(&error, tell),
                }
            }
        }
        let signatures = known.on(self.settings.revision.name);
        signatures.for_each(|signature| self.campaign.know(signature.clone()));
        Ok(())
    }

    /// Keeps what was found, and what else is met while it is minimised.
    fn keep(
        &mut self,
        found: Found,
        tell: Tell<'_>,
        deadline: Deadline<'_>,
    ) -> Result<(), CorpusError> {
        let mut queue = vec![found];
        while let Some(found) = queue.pop() {
            queue.extend(self.keep_one(&found, tell, deadline)?);
        }
        Ok(())
    }

    /// Writes the case at once, then again when it is small: whatever interrupts, it is not lost. Returns what
    /// else was met.
    fn keep_one(
        &mut self,
        found: &Found,
        tell: Tell<'_>,
        deadline: Deadline<'_>,
    ) -> Result<Vec<Found>, CorpusError> {
        let signature = found.failure.signature.to_string();
        let directory = &self.settings.directory;
        let file = corpus::place(directory, &found.case, &found.failure.signature);
        if self.settings.is_member && file.exists() {
            return Ok(Vec::new()); // Another worker was faster.
        }
        let runs = self.progress().totals.runs;
        let mut is_written = self.write(&file, &found.raw(), tell)?;
        let (mut others, mut is_minimal) = (Vec::new(), false);
        if !deadline.is_over() {
            tell(Event::Minimising(signature.clone()));
            let finished = self.campaign.finish(found, deadline);
            is_minimal = finished.small.as_ref().is_some_and(|small| !small.is_cut_short);
            if !self.is_smaller(&file, &finished.case) {
                is_written |= self.write(&file, &finished.case, tell)?;
            }
            others = finished.others;
        }
        if !is_written {
            let why = "there was no time to make its schedule short enough for a file";
            tell(Event::Warning(format!("{signature} was met besides, and {why}")));
            return Ok(others);
        }
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
        tell(Event::Found(Finding { signature, file: name, runs, is_minimal }));
        Ok(others)
    }

    /// Writes a case, unless its schedule is too long for a file, as those of failures are that were met while others
    /// were minimised. Whether it did.
    fn write(&mut self, file: &Path, case: &Case, tell: Tell<'_>) -> Result<bool, CorpusError> {
        if !fits(case) {
            return Ok(false);
        }
        self.findings.insert(file.to_path_buf());
        write_or_tell(file, case, tell).map(|()| true)
    }

    /// Whether the file has a smaller case of the same failure, which another worker made.
    fn is_smaller(&mut self, file: &Path, case: &Case) -> bool {
        let Ok(other) = corpus::load(file) else { return false };
        let runner = &mut self.campaign.runner;
        let mut measure = |case| measure(runner, case, self.settings.revision);
        other.expect == case.expect && measure(&other) < measure(case)
    }
}

/// Writes the case; if that fails, tells its text, so that it is not lost.
fn write_or_tell(file: &Path, case: &Case, tell: Tell<'_>) -> Result<(), CorpusError> {
    let text = case.to_string();
    let written = corpus::write(file, &text);
    if written.is_err() {
        tell(Event::Unwritten(text));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use mmreap::release::V4_14;

    #[test]
    fn what_of_the_queue_does_not_come_first_is_replayed_in_between() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            revision: &V4_14,
            seed: 1,
            directory: directory.path().into(),
            is_member: false,
            given: Vec::new(),
        };
        let mut worker = Worker::start(settings).unwrap();
        let case = |number| {
            format!("mmreap case 1\n# {number}\nkernel v4.14\n\nprocess p\n  thread t: exit\n")
        };
        for number in 0..POOL + 20 {
            let file = worker.queue.directory().join(format!("{number:016x}.mmreap"));
            std::fs::write(file, case(number)).unwrap();
        }
        let mut left = |runs| {
            worker.work(&mut |_| (), &Limit { runs: Some(runs), ..Limit::default() }).unwrap();
            (worker.campaign.totals.runs, worker.backlog.len())
        };
        assert_eq!(left(105), (105, 10));
    }
}
