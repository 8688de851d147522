//! One case for each failure: of those with one kernel and one signature, the smallest.
//!
//! Only cases that do what they say are compared, so that a small case which has stopped failing never
//! drives out a larger one which still does.

use super::change::{Change, Plan};
use super::check::behaviour;
use super::{CaseFile, expected};
use crate::case::Signature;
use crate::minimize::measure;
use crate::replay::own_kernel;
use crate::run::Runner;
use std::collections::BTreeMap;

/// The files that can go. What does not replay is left alone.
pub fn dedup(runner: &mut Runner, files: &[CaseFile]) -> Plan {
    let mut plan = Plan::default();
    let mut groups: BTreeMap<(&str, &Signature), Vec<&CaseFile>> = BTreeMap::new();
    for file in files {
        let wrong = behaviour(runner, file);
        if let (true, Some(signature)) = (wrong.is_empty(), expected(&file.case)) {
            groups.entry((&file.case.kernel, signature)).or_default().push(file);
        }
        plan.refused.extend(wrong);
    }
    plan.changes = groups.into_values().flat_map(|group| surplus(runner, group)).collect();
    plan
}

/// All but the smallest; of equal ones the first by name stays.
fn surplus(runner: &mut Runner, mut group: Vec<&CaseFile>) -> Vec<Change> {
    group.sort_by_cached_key(|file| {
        let kernel = own_kernel(&file.case).expect("what replays names its kernel");
        (measure(runner, &file.case, kernel), &file.path)
    });
    let Some((keep, others)) = group.split_first() else { return Vec::new() };
    let remove =
        |file: &&CaseFile| Change::Remove { path: file.path.clone(), keep: keep.path.clone() };
    others.iter().map(remove).collect()
}
