//! Changes the strategy, and the segments that fix part of a schedule.
//!
//! New segments come without a place to stop, or with one that occurs already: which sites there
//! are is known to a run, and a case's tree does not know runs.

use crate::case::generate::draw::Draw;
use crate::case::generate::parts;
use crate::case::generate::scope::tasks;
use crate::case::mutate::structure::{double, shift, take};
use crate::case::{Case, Segment, Stop, Strategy, limit};

/// Another strategy, or the same with another seed.
pub(super) fn strategy(case: &mut Case, draw: &mut Draw) -> bool {
    let fresh = draw.bits();
    let strategy = &mut case.schedule.strategy;
    *strategy = match *strategy {
        Strategy::InOrder => parts::strategy(draw),
        same if draw.chance(50) => same.with_seed(fresh),
        _ => parts::strategy(draw),
    };
    true
}

/// A segment more or less, or elsewhere.
pub(super) fn edit_segments(case: &mut Case, draw: &mut Draw) -> bool {
    let segments = &mut case.schedule.segments;
    match draw.below(4) {
        0 => take(segments, 0, draw).is_some(),
        1 => shift(segments, draw),
        2 => double(segments, limit::SEGMENTS, draw).is_some(),
        _ => add_segment(case, draw),
    }
}

fn add_segment(case: &mut Case, draw: &mut Draw) -> bool {
    let tasks = tasks(case);
    let segments = &mut case.schedule.segments;
    let stops: Vec<Option<Stop>> = segments.iter().map(|segment| segment.until.clone()).collect();
    let until = if draw.chance(50) { draw.pick(&stops).cloned().flatten() } else { None };
    let Some(task) = draw.pick(&tasks).filter(|_| segments.len() < limit::SEGMENTS) else {
        return false;
    };
    segments.insert(draw.below(segments.len() + 1), Segment { task: task.clone(), until });
    true
}

/// Another task, another arrival, or no stop in one segment.
pub(super) fn edit_segment(case: &mut Case, draw: &mut Draw) -> bool {
    let tasks = tasks(case);
    let index = draw.below(case.schedule.segments.len());
    let Some(segment) = case.schedule.segments.get_mut(index) else { return false };
    match (&mut segment.until, draw.below(3)) {
        (Some(stop), 0) => stop.nth = stop.nth.saturating_add(1),
        (Some(stop), 1) => stop.nth = stop.nth.saturating_sub(1),
        (until, _) if draw.chance(25) => *until = None,
        _ => segment.task = draw.pick(&tasks).cloned().unwrap_or_default(),
    }
    true
}
