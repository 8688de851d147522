//! One case for each failure: of those with one kernel and one signature, the smallest.
//!
//! Only cases that do what they say are compared, so that a small case which has stopped failing never
//! drives out a larger one which still does. Of equal ones that stays for which somebody did more, and nothing
//! goes that has a comment which what stays has not.

use super::behaviour::behaviour;
use super::change::{Change, Plan};
use super::{CaseFile, CorpusError, expected, file_name, shown};
use crate::case::Signature;
use crate::case::check::{Item, Place, Problem};
use crate::case::error::quote;
use crate::case::parse::comments;
use crate::minimize::{Certificate, measure};
use crate::replay::own_kernel;
use crate::run::Runner;
use std::cmp::Reverse;
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
    groups.into_values().for_each(|group| thin(runner, group, &mut plan));
    plan
}

/// All but the smallest goes.
fn thin(runner: &mut Runner, group: Vec<&CaseFile>, plan: &mut Plan) {
    let mut sized: Vec<_> = group
        .into_iter()
        .map(|file| {
            let kernel = own_kernel(&file.case).expect("what replays names its kernel");
            (measure(runner, &file.case, kernel), file)
        })
        .collect();
    sized.sort_by_cached_key(|(size, file)| (*size, Reverse(care(file)), &file.path));
    let Some(((least, keep), others)) = sized.split_first() else { return };
    for (size, file) in others {
        let is_smaller = least < size;
        match words(file).into_iter().find(|word| !words(keep).contains(word)) {
            Some(word) => plan.refused.push(unlike(file, keep, is_smaller, &word)),
            None => plan.changes.push(Change::Remove {
                path: file.path.clone(),
                keep: keep.path.clone(),
                is_smaller,
            }),
        }
    }
}

/// How much was done for a file: comments and verdicts, its name, a certificate.
fn care(file: &CaseFile) -> (usize, bool, usize) {
    let name = expected(&file.case).map(|signature| file_name(&file.case, signature));
    let is_named = name.is_some_and(|name| file.path.file_name() == Some(name.as_ref()));
    (words(file).len() + file.case.others.len(), is_named, file.case.notes.len())
}

/// What somebody wrote into a file besides the case.
fn words(file: &CaseFile) -> Vec<String> {
    let all = file.case.notes.iter().cloned().chain(comments(&file.text));
    all.filter(|note| !Certificate::is_written_in(note)).collect()
}

fn unlike(file: &CaseFile, keep: &CaseFile, is_smaller: bool, word: &str) -> CorpusError {
    let how = if is_smaller { "is smaller" } else { "is as small" };
    file.error(Problem {
        place: Place::new(Item::Expect, "ORACLE"),
        message: format!("{} {how}, but has no comment {}", shown(&keep.path), quote(word)),
        help: Some("keep the comment there, or take it away here, and this file can go".into()),
    })
}
