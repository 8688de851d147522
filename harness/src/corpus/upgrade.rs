//! Files in the present form of the format: its version, and the one canonical text of each case.
//!
//! Nothing of what a case means changes, and no comment is lost: those that the canonical form has no place
//! for become notes at the head. What the parser does not read, it refuses, and is left as it is.

use super::CaseFile;
use super::change::{Change, Plan};
use crate::case::check::check;
use crate::case::parse::comments;

/// The files whose text is not the canonical one.
pub fn upgrade(files: &[CaseFile]) -> Plan {
    let mut plan = Plan::default();
    for file in files {
        let mut case = file.case.clone();
        case.notes.extend(comments(&file.text));
        let text = case.to_string();
        match check(&case) {
            Err(problem) => plan.refused.push(file.error(problem)),
            Ok(()) if text == file.text => {}
            Ok(()) => plan.changes.push(Change::Rewrite { path: file.path.clone(), text }),
        }
    }
    plan
}
