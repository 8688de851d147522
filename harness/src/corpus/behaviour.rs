//! Whether a case of a corpus does what it says.

use super::{CaseFile, CorpusError};
use crate::case::check::{Item, Place, Problem};
use crate::replay::{diverged, replay, stated_kernels, wrong_verdict};
use crate::run::Runner;

/// What the case does: its verdict on every kernel that it names, and its schedule on its own.
pub fn behaviour(runner: &mut Runner, file: &CaseFile) -> Vec<CorpusError> {
    let case = &file.case;
    if case.expect.is_none() {
        let help = "such as `expect pass`: what the case promises on its own kernel";
        return vec![at_verdict(file, "there is no `expect` line".into(), help.into())];
    }
    let kernels = match stated_kernels(case) {
        Ok(kernels) => kernels,
        Err(problem) => return vec![file.error(problem)],
    };
    let mut problems = Vec::new();
    for kernel in kernels {
        let replay = replay(runner, case, kernel);
        problems.extend(wrong_verdict(case, &replay));
        if kernel.name == case.kernel
            && let Some(divergence) = replay.run.divergences.first(false)
        {
            problems.push(diverged(runner, case, kernel, divergence));
        }
    }
    problems.into_iter().map(|problem| file.error(problem)).collect()
}

pub(super) fn at_verdict(file: &CaseFile, message: String, help: String) -> CorpusError {
    file.error(Problem { place: Place::new(Item::Expect, "ORACLE"), message, help: Some(help) })
}
