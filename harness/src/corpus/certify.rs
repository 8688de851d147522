//! Certificates that are so: what the `minimal:` note of a case says is what certifying it comes to.
//!
//! A note goes stale when somebody edits the case, or when the model changes. What is stale is made anew here,
//! and what turns out to fail in the same way with fewer preemptions is minimised from there. A case without
//! such a note promises nothing, and is left alone; `mmreap minimize` gives it one.

use super::behaviour::behaviour;
use super::change::{Change, Plan};
use super::{CaseFile, expected};
use crate::case::check::{Item, Place, Problem};
use crate::case::parse::comments;
use crate::case::{Case, Signature};
use crate::minimize::{Budget, Certificate, Certified, certify, measure, minimize};
use crate::replay::{own_kernel, replay, stated_kernels};
use crate::run::Runner;

/// The files whose certificates have to be made anew. What does not do what it says is left alone.
pub fn renew(runner: &mut Runner, files: &[CaseFile]) -> Plan {
    let mut plan = Plan::default();
    for file in files.iter().filter(|file| Certificate::noted(&file.case).is_some()) {
        let wrong = behaviour(runner, file);
        let renewed = if wrong.is_empty() { renewed(runner, &file.case) } else { None };
        plan.refused.extend(wrong);
        if let Some(mut case) = renewed.filter(|case| *case != file.case) {
            case.notes.extend(comments(&file.text));
            let (path, text) = (file.path.clone(), case.to_string());
            plan.changes.push(Change::Rewrite { path, text });
        }
    }
    plan
}

/// The case with the note that it should have.
fn renewed(runner: &mut Runner, case: &Case) -> Option<Case> {
    let mut renewed = case.clone();
    let Some(signature) = expected(case) else {
        renewed.notes.remove(Certificate::noted(case)?.0);
        return Some(renewed);
    };
    match certified(runner, case, signature)? {
        Certified::Note(certificate) => certificate.note(&mut renewed),
        Certified::Fewer(fewer, _) => renewed = smaller(runner, &fewer, signature)?,
    }
    Some(renewed)
}

fn certified(runner: &mut Runner, case: &Case, signature: &Signature) -> Option<Certified> {
    certify(runner, case, own_kernel(case).ok()?, signature)
}

/// The case minimised, with its verdicts on the kernels that it names.
fn smaller(runner: &mut Runner, case: &Case, signature: &Signature) -> Option<Case> {
    let (kernel, budget) = (own_kernel(case).ok()?, Budget::default());
    let mut small = minimize(runner, case, kernel, signature, &budget, &mut |_| ())?.case;
    for (verdict, kernel) in (0..).zip(stated_kernels(case).ok()?.into_iter().skip(1)) {
        let replay = replay(runner, &small, kernel);
        small.others[verdict].1 = replay.got;
    }
    Some(small)
}

/// What is wrong with the certificate of a case that does what it says.
pub fn wrong(runner: &mut Runner, case: &Case) -> Option<Problem> {
    let (index, said) = Certificate::noted(case)?;
    let message = match expected(case) {
        None => "a case that passes has no schedule that could be minimal".to_string(),
        Some(signature) => match certified(runner, case, signature)? {
            Certified::Note(certificate) if certificate.to_string() == said => return None,
            Certified::Note(certificate) => format!("this is not so, but: {certificate}"),
            Certified::Fewer(_, n) => {
                let own = measure(runner, case, own_kernel(case).ok()?).preemptions;
                format!("this is not so: the case has {own} preemptions, and {n} suffice")
            }
        },
    };
    let help =
        "it is stale if the case or the model has changed; `mmreap corpus certify` makes it anew";
    Some(Problem { place: Place::new(Item::Note(index), ""), message, help: Some(help.into()) })
}
