//! Names after what files hold: kernel and signature.
//!
//! A name that is taken is never given: two files with one name hold the same failure, and which of them
//! stays is for [`super::dedup`] to say.

use super::change::{Change, Plan};
use super::{CaseFile, expected, file_name, shown};
use crate::case::check::{Item, Place, Problem};
use std::collections::BTreeSet;

/// The files whose names do not follow from their cases.
pub fn rename(files: &[CaseFile]) -> Plan {
    let mut plan = Plan::default();
    let mut given = BTreeSet::new();
    for file in files {
        let Some(signature) = expected(&file.case) else { continue };
        let to = file.path.with_file_name(file_name(&file.case, signature));
        if to == file.path {
            continue;
        }
        if to.exists() || !given.insert(to.clone()) {
            let place = Place::new(Item::Expect, "ORACLE");
            let message = format!("the name of this failure, {}, is taken", shown(&to));
            let help = Some("`mmreap corpus dedup` keeps the smallest".into());
            plan.refused.push(file.error(Problem { place, message, help }));
        } else {
            plan.changes.push(Change::Rename { from: file.path.clone(), to });
        }
    }
    plan
}
