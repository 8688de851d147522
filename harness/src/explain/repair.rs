//! Which later release passes the same case, and which of its functions make the difference.
//!
//! Found by running: the releases after the case's own, in order, until one passes; then the last one that
//! fails, with all functions of the one that passes, and without one after the other as long as it still
//! passes. What is left is enough, and each of them is needed.
//!
//! A revision passes if three things are seen:
//!
//! * The case as it stands passes.
//! * The case does not fail in the same way under other schedules (see `sample`): whoever closes one way to a
//!   failure has not repaired it.
//! * The failing run is followed by names (see `named`), and passes. It is followed as far as its
//!   names exist: where nobody ever comes to on that revision, no turn begins or ends. All other steps keep
//!   their order, unless a task has to wait for another, or never comes to a place; that is the functions' doing,
//!   because nothing is left to chance.
//!
//! It says what became of this race, not that the release is right.

use super::named::{Named, follow};
use super::sample;
use crate::case::{Case, Signature};
use crate::run::Runner;
use mmreap::revision::{PARTS, Part, Revision};
use mmreap::trace::Site;
use serde::Serialize;
use std::collections::BTreeSet;

/// The release that passes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// The first later release that passes the case.
    pub kernel: &'static str,
    /// The last revision that fails.
    pub failing: &'static str,
    /// Functions which, taken over together into the revision that fails, make it pass.
    pub functions: Vec<&'static str>,
    /// The failing run as far as its names exist on the release that passes.
    #[serde(skip)]
    pub(super) followed: Case,
}

/// Finds the release for a failing run. None if every later one fails, or there is none.
pub(super) fn find(
    runner: &mut Runner,
    named: &Named<'_>,
    revision: &'static Revision,
    signature: &Signature,
) -> Option<Repair> {
    let mut trials = Trials { runner, named, signature };
    let mut failing = revision;
    for later in revision.successors() {
        if let Some(followed) = trials.passes(later) {
            let functions = trials.functions(failing, later);
            return Some(Repair { kernel: later.name, failing: failing.name, functions, followed });
        }
        failing = later;
    }
    None
}

struct Trials<'a> {
    runner: &'a mut Runner,
    named: &'a Named<'a>,
    signature: &'a Signature,
}

/// Verb, noun, and innermost function.
type Place = [&'static str; 3];

fn place(site: Site) -> Place {
    [site.verb(), site.noun(), site.function()]
}

impl Trials<'_> {
    /// The functions that are needed, and enough.
    fn functions(&mut self, failing: &Revision, passing: &Revision) -> Vec<&'static str> {
        let mut parts: Vec<&Part> = PARTS.iter().collect();
        for part in &PARTS {
            let without: Vec<_> = parts.iter().copied().filter(|p| p.name != part.name).collect();
            if self.passes(failing.with(&without, passing)).is_some() {
                parts = without;
            }
        }
        parts.into_iter().map(|part| part.name).collect()
    }

    /// What the failing run comes to on a revision, if that passes.
    fn passes(&mut self, revision: &'static Revision) -> Option<Case> {
        if self.runner.run_case(self.named.case, revision).failure.is_some() {
            return None;
        }
        let places = self.places(revision)?;
        let steps = self.named.at_places(|site| places.contains(&place(site)));
        let followed = self.named.under(&steps);
        follow(self.runner, &followed, revision).passes().then_some(followed)
    }

    /// Where tasks come to under other schedules. `None` if one of them fails in the same way.
    fn places(&mut self, revision: &'static Revision) -> Option<BTreeSet<Place>> {
        let (mut places, mut fails) = (BTreeSet::new(), false);
        sample::each(self.runner, self.named.case, revision, self.signature, |w, is_same| {
            places.extend(w.log.iter().map(|event| place(event.site)));
            fails |= is_same;
            is_same
        });
        (!fails).then_some(places)
    }
}

impl Repair {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let Repair { kernel, failing, functions, .. } = self;
        let functions = functions.join(" and ");
        format!("Passes on {kernel}; {failing} passes, too, with {functions} of {kernel}.")
    }
}
