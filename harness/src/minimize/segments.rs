//! Makes the `run` lines of a schedule fewer and simpler.

use super::{Best, Minimizer};
use crate::case::{Segment, Stop};

/// Makes the schedule smaller while the failure stays the same: large runs of segments are dropped first, then
/// one by one; two of one task are merged, one is moved to another place, and places are made simpler.
pub(super) fn shorten(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    minimizer.turn("spell out");
    spell_out(minimizer, best);
    minimizer.turn("drop run lines");
    drop_chunks(minimizer, best);
    minimizer.turn("merge run lines");
    merge(minimizer, best);
    minimizer.turn("move run lines");
    shift(minimizer, best);
    minimizer.turn("simplify stops");
    simplify(minimizer, best);
}

/// Says who runs while a line leaves that open.
fn spell_out(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    if best.measure.open > 0 && !minimizer.is_exhausted() {
        minimizer.tally().tried += 1;
        let spelled = minimizer.spelled(&best.case);
        minimizer.take(best, spelled.filter(|spelled| spelled.measure < best.measure));
    }
}

/// Drops segments, from large runs of them to single ones.
pub(super) fn drop_chunks(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    let mut chunk = best.case.schedule.segments.len();
    while chunk > 0 && !minimizer.is_exhausted() {
        let mut at = 0;
        while at < best.case.schedule.segments.len() && !minimizer.is_exhausted() {
            let dropped = change(minimizer, best, |segments| {
                segments.drain(at..(at + chunk).min(segments.len()));
            });
            if !dropped {
                at += chunk;
            }
        }
        chunk /= 2;
    }
}

/// Changes the segments if the case fails as before and is smaller then.
fn change(
    minimizer: &mut Minimizer<'_>,
    best: &mut Best,
    change: impl FnOnce(&mut Vec<Segment>),
) -> bool {
    let mut candidate = best.case.clone();
    change(&mut candidate.schedule.segments);
    minimizer.replay(best, &candidate)
}

/// Two segments of one task with others in between: moves the first behind them, or the second before
/// them, so that they become one.
fn merge(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    let mut at = 0;
    while at < best.case.schedule.segments.len() && !minimizer.is_exhausted() {
        let segments = &best.case.schedule.segments;
        let same = |segment: &Segment| segment.task == segments[at].task;
        let later = segments[at + 1..].iter().position(same).map(|distance| at + 1 + distance);
        let merged = later.is_some_and(|later| {
            let pull = |segments: &mut Vec<Segment>| segments[at] = segments.remove(later);
            let push = |segments: &mut Vec<Segment>| drop(segments.remove(at));
            change(minimizer, best, pull) || change(minimizer, best, push)
        });
        at += usize::from(!merged);
    }
}

/// Moves single segments to places where they cause fewer preemptions.
fn shift(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    let count = best.case.schedule.segments.len();
    let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
    for (from, to) in pairs.filter(|(from, to)| from != to) {
        if minimizer.is_exhausted() {
            return;
        }
        change(minimizer, best, |segments| {
            let segment = segments.remove(from);
            segments.insert(to, segment);
        });
    }
}

/// Simpler words for the same place: no place, the function alone, the first arrival.
fn simplify(minimizer: &mut Minimizer<'_>, best: &mut Best) {
    for at in 0..best.case.schedule.segments.len() {
        if minimizer.is_exhausted() {
            return;
        }
        for simpler in simpler(&best.case.schedule.segments[at]) {
            if change(minimizer, best, |segments| segments[at] = simpler) {
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
