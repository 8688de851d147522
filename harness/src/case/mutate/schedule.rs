//! Changes the strategy, and the segments that fix part of a schedule.
//!
//! Which sites there are is known to runs and not to a case's tree. So where a segment may stop is given:
//! the [`Sites`] at which its task has been seen, in this case or in one like it.

use crate::case::generate::draw::Draw;
use crate::case::generate::parts;
use crate::case::generate::scope::tasks;
use crate::case::mutate::Sites;
use crate::case::mutate::structure::{double, shift, take};
use crate::case::{Case, Segment, Stop, limit};
use crate::schedule::in_order::IN_ORDER;

/// Percent of the new segments that stop at a site, if their task was seen at one. The others run until
/// their task blocks.
const STOPS: usize = 75;

/// Another strategy, or the same with another seed.
pub(super) fn strategy(case: &mut Case, draw: &mut Draw) -> bool {
    let fresh = draw.bits();
    let strategy = &mut case.schedule.strategy;
    *strategy = match *strategy {
        same if *same.kind() == IN_ORDER => parts::strategy(draw),
        same if draw.chance(50) => same.with_seed(fresh),
        _ => parts::strategy(draw),
    };
    true
}

/// A segment more or less, or elsewhere.
pub(super) fn edit_segments(case: &mut Case, draw: &mut Draw, sites: &Sites) -> bool {
    let segments = &mut case.schedule.segments;
    match draw.below(5) {
        0 => take(segments, 0, draw).is_some(),
        1 => shift(segments, draw),
        2 => double(segments, limit::SEGMENTS, draw).is_some(),
        _ => add_segment(case, draw, sites),
    }
}

fn add_segment(case: &mut Case, draw: &mut Draw, sites: &Sites) -> bool {
    let tasks = tasks(case);
    let segments = &mut case.schedule.segments;
    let Some(task) = parts::task(&tasks, draw).filter(|_| segments.len() < limit::SEGMENTS) else {
        return false;
    };
    let until = if draw.chance(STOPS) { stop(&task, draw, sites) } else { None };
    segments.insert(draw.below(segments.len() + 1), Segment { task, until });
    true
}

/// The first arrival at a site at which the task was seen.
fn stop(task: &str, draw: &mut Draw, sites: &Sites) -> Option<Stop> {
    let site = draw.pick(&sites.of(task)).cloned()?;
    Some(Stop { site, nth: 1 })
}

/// Another task, another place, another arrival, or no stop in one segment.
pub(super) fn edit_segment(case: &mut Case, draw: &mut Draw, sites: &Sites) -> bool {
    let tasks = tasks(case);
    let index = draw.below(case.schedule.segments.len());
    let Some(segment) = case.schedule.segments.get_mut(index) else { return false };
    match (&mut segment.until, draw.below(4)) {
        (Some(stop), 0) => stop.nth = stop.nth.saturating_add(1),
        (Some(stop), 1) => stop.nth = stop.nth.saturating_sub(1),
        (until, 2) => *until = stop(&segment.task, draw, sites),
        (until, _) if draw.chance(25) => *until = None,
        _ => segment.task = parts::task(&tasks, draw).unwrap_or_default(),
    }
    true
}
