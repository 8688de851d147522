//! What is wrong in a corpus: cases that do not do what they say, files that are not named after what they
//! hold, two files for one failure, certificates that are not so.
//!
//! Every complaint points at the line that is wrong, or that the file contradicts. A case that passes has no
//! failure to be named after, and may be there more than once.

use super::behaviour::{at_verdict, behaviour};
use super::{CaseFile, CorpusError, certify, expected, file_name, shown};
use crate::case::Signature;
use crate::case::error::CaseError;
use crate::run::Runner;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that is wrong with the files, in their order.
pub fn check(runner: &mut Runner, files: &[CaseFile]) -> Vec<CorpusError> {
    let mut seen = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files {
        let problems = form(file).into_iter().chain(misnamed(file));
        wrong.extend(problems.chain(twin(file, &mut seen)));
        let behaviour = behaviour(runner, file);
        if behaviour.is_empty() {
            wrong.extend(certify::wrong(runner, &file.case).map(|problem| file.error(problem)));
        }
        wrong.extend(behaviour);
    }
    wrong
}

/// A text that is not canonical: its first line that would be another.
fn form(file: &CaseFile) -> Option<CorpusError> {
    let canonical = file.case.to_string();
    if canonical == file.text {
        return None;
    }
    let pairs = file.text.lines().zip(canonical.lines());
    let line = pairs.take_while(|(is, should)| is == should).count();
    let start = file.text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let length = file.text[start..].lines().next().map_or(0, str::len);
    let error = CaseError {
        message: "from here on the text is not in canonical form".into(),
        line: line + 1,
        column: 1,
        span: start..start + length,
        label: String::new(),
        help: Some("`mmreap corpus upgrade` shows and writes it".into()),
    };
    Some(CorpusError::case(&file.path, file.text.clone().into(), error))
}

/// A file whose name does not follow from its case.
fn misnamed(file: &CaseFile) -> Option<CorpusError> {
    let name = file_name(&file.case, expected(&file.case)?);
    if file.path.file_name().is_some_and(|is| is == name.as_str()) {
        return None;
    }
    let message = format!("the file of a case that expects this is named {name}");
    Some(at_verdict(file, message, "`mmreap corpus rename` renames it".into()))
}

/// A file with the failure of an earlier one.
fn twin<'a>(
    file: &'a CaseFile,
    seen: &mut BTreeMap<(&'a str, &'a Signature), &'a Path>,
) -> Option<CorpusError> {
    let key = (file.case.kernel.as_str(), expected(&file.case)?);
    let Some(earlier) = seen.get(&key) else {
        seen.insert(key, &file.path);
        return None;
    };
    let message = format!("{} has this signature, too", shown(earlier));
    Some(at_verdict(file, message, "`mmreap corpus dedup` keeps the smallest".into()))
}
