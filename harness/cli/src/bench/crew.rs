//! Threads that share hunts. Which thread takes which hunt is up to the machine and changes nothing.

use super::cpu::{Take, thread_seconds};
use super::hunt::Hunt;
use mmreap_harness::run::Runner;
use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long nothing is heard while nothing comes to an end.
const TICK: Duration = Duration::from_millis(200);

/// Hears of a hunt by its position that it has ended, or of none, so that somebody who waits sees the time go by.
pub type Hear<'a> = &'a mut dyn FnMut(Option<(usize, Take)>) -> io::Result<()>;

/// Runs the hunts on so many threads, until the end or until `stop`.
///
/// # Errors
///
/// If a thread cannot be started, or if whoever hears of them has had enough. The others stop.
pub fn share(
    hunts: &[Hunt],
    jobs: NonZero<usize>,
    stop: &AtomicBool,
    hear: Hear<'_>,
) -> io::Result<()> {
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
            let news = match reports.recv_timeout(TICK) {
                Ok(ended) => Some(ended),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            hear(news).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
        }
    })
}

/// Takes one hunt after the other. A world belongs to its thread, and so does the runner.
fn work(
    hunts: &[Hunt],
    next: &AtomicUsize,
    stop: &AtomicBool,
    report: &mpsc::Sender<(usize, Take)>,
) {
    let mut runner = Runner::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let began = thread_seconds();
        let runs = hunts.get(index).and_then(|hunt| hunt.run(&mut runner, stop));
        let Some(runs) = runs else { return };
        let take = Take { runs, seconds: thread_seconds() - began };
        if report.send((index, take)).is_err() {
            return;
        }
    }
}
