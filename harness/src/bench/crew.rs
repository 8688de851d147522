//! Threads that share hunts. Which thread takes which hunt is up to the machine and changes nothing.

use super::hunt::Hunt;
use super::survival::Observation;
use crate::run::Runner;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Runs the hunts on so many threads. What comes back is in the order of the hunts, with `None` for those
/// that did not come to an end because of `stop`. `progress` hears each time that one did.
pub fn share(
    hunts: &[Hunt],
    jobs: NonZero<usize>,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(),
) -> Vec<Option<Observation>> {
    let mut results = vec![None; hunts.len()];
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        for _ in 0..jobs.get() {
            let (report, next) = (report.clone(), &next);
            scope.spawn(move || work(hunts, next, stop, &report));
        }
        drop(report);
        for (index, result) in reports {
            results[index] = Some(result);
            progress();
        }
    });
    results
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
