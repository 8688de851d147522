//! Threads that share hunts. Which thread takes which hunt is up to the machine and changes nothing.

use super::hunt::Hunt;
use super::survival::Observation;
use mmreap_harness::run::Runner;
use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long nothing is heard while nothing comes to an end.
const TICK: Duration = Duration::from_millis(200);

/// Runs the hunts on so many threads. What comes back is in the order of the hunts, with `None` for those
/// that did not come to an end because of `stop`. `progress` hears how many did since it was told last, and
/// that none did, so that somebody who waits sees the time go by.
///
/// # Errors
///
/// If a thread cannot be started. The others stop.
pub fn share(
    hunts: &[Hunt],
    jobs: NonZero<usize>,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Vec<Option<Observation>>> {
    let mut results = vec![None; hunts.len()];
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        for _ in 0..jobs.get().min(hunts.len()) {
            let (report, next) = (report.clone(), &next);
            let work = move || work(hunts, next, stop, &report);
            let started = thread::Builder::new().spawn_scoped(scope, work);
            started.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
        }
        drop(report);
        loop {
            match reports.recv_timeout(TICK) {
                Ok((index, result)) => {
                    results[index] = Some(result);
                    progress(1);
                }
                Err(RecvTimeoutError::Timeout) => progress(0),
                Err(RecvTimeoutError::Disconnected) => return Ok(results),
            }
        }
    })
}

/// Takes one hunt after the other. A world belongs to its thread, and so does the runner.
fn work(
    hunts: &[Hunt],
    next: &AtomicUsize,
    stop: &AtomicBool,
    report: &mpsc::Sender<(usize, Observation)>,
) {
    let mut runner = Runner::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let result = hunts.get(index).and_then(|hunt| hunt.run(&mut runner, stop));
        let Some(result) = result else { return };
        if report.send((index, result)).is_err() {
            return;
        }
    }
}
