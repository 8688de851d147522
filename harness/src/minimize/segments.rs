//! Schedules written by names, and made shorter.

use super::Minimizer;
use crate::case::{Case, Segment, Stop};
use crate::schedule::follow::Decision;
use mmreap::sync::thread::Tid;
use mmreap::trace::Site;
use mmreap::world::world;

/// Writes the decisions of the run that is in the world as segments: whenever the thread changes, one
/// ends.
pub fn from_decisions(decisions: &[Decision]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut start = 0;
    for next in 1..=decisions.len() {
        let thread = decisions[start].thread;
        let goes_on = decisions.get(next).is_some_and(|d| d.thread == thread);
        if !goes_on || thread == Tid::CLOCK {
            let left = decisions.get(next).and_then(|decision| decision.left);
            segments.push(segment(thread, &decisions[start..next], left));
            start = next;
        }
    }
    segments
}

fn segment(thread: Tid, decisions: &[Decision], left: Option<Site>) -> Segment {
    let task = world(|w| w.threads()[thread.index()].name.clone());
    let stop = |site: Site| {
        let passed = decisions.iter().filter(|decision| same_words(&decision.site, &site));
        Stop { site: site.to_string(), nth: passed.count() as u32 + 1 }
    };
    Segment { task, until: left.filter(|_| thread != Tid::CLOCK).map(stop) }
}

/// Whether a schedule cannot tell the places from each other: it does not name the protocol's function.
fn same_words(a: &Site, b: &Site) -> bool {
    (a.function(), a.verb(), a.noun()) == (b.function(), b.verb(), b.noun())
}

/// Drops segments while the failure stays the same: large runs of them first, then one by one, then the
/// places are made simpler.
pub fn shorten(minimizer: &mut Minimizer<'_>, best: &mut Case) {
    let mut chunk = best.schedule.segments.len();
    while chunk > 0 && !minimizer.is_exhausted() {
        let mut at = 0;
        while at < best.schedule.segments.len() {
            if !drop_chunk(minimizer, best, at, chunk) {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    merge(minimizer, best);
    simplify(minimizer, best);
}

fn drop_chunk(minimizer: &mut Minimizer<'_>, best: &mut Case, at: usize, chunk: usize) -> bool {
    let mut candidate = best.clone();
    let end = (at + chunk).min(candidate.schedule.segments.len());
    candidate.schedule.segments.drain(at..end);
    keep_if_same(minimizer, best, candidate)
}

fn keep_if_same(minimizer: &mut Minimizer<'_>, best: &mut Case, candidate: Case) -> bool {
    let same = minimizer.reproduces(&candidate).is_some();
    if same {
        *best = candidate;
    }
    same
}

/// Two segments of one task with others in between: moves the first behind them, or the second before
/// them, so that they become one.
fn merge(minimizer: &mut Minimizer<'_>, best: &mut Case) {
    let mut at = 0;
    while at < best.schedule.segments.len() && !minimizer.is_exhausted() {
        let task = best.schedule.segments[at].task.clone();
        let later = best.schedule.segments[at + 1..].iter().position(|s| s.task == task);
        let merged = later.is_some_and(|distance| {
            let mut pulled = best.clone();
            let second = pulled.schedule.segments.remove(at + 1 + distance);
            pulled.schedule.segments[at] = second;
            let mut pushed = best.clone();
            pushed.schedule.segments.remove(at);
            keep_if_same(minimizer, best, pulled) || keep_if_same(minimizer, best, pushed)
        });
        at += usize::from(!merged);
    }
}

/// Simpler words for the same place: no place, the function alone, the first arrival.
fn simplify(minimizer: &mut Minimizer<'_>, best: &mut Case) {
    for at in 0..best.schedule.segments.len() {
        for simpler in simpler(&best.schedule.segments[at]) {
            let mut candidate = best.clone();
            candidate.schedule.segments[at] = simpler;
            if keep_if_same(minimizer, best, candidate) {
                break;
            }
        }
    }
}

fn simpler(segment: &Segment) -> Vec<Segment> {
    let Some(stop) = &segment.until else { return Vec::new() };
    let with = |until| Segment { task: segment.task.clone(), until };
    let function = stop.site.split('/').next().unwrap_or_default().to_string();
    let mut all = vec![with(None), with(Some(Stop { site: function.clone(), nth: 1 }))];
    if stop.nth > 1 {
        all.push(with(Some(Stop { site: stop.site.clone(), nth: 1 })));
    }
    all.retain(|simpler| simpler != segment);
    all
}
