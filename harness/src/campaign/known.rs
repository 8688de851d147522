//! Which failures are no news: those that some case of the corpus expects.
//!
//! Knowledge is per kernel. A failure that is known on one release and appears on another one is news: it
//! may have been backported.

use crate::case::{Case, Expect, Signature};
use crate::corpus::{self, CorpusError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Signatures that are known, by kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    signatures: BTreeMap<String, BTreeSet<Signature>>,
}

impl Known {
    /// What the cases of a directory expect. `warn` hears of files that are no cases, which say nothing.
    pub fn load(directory: &Path, mut warn: impl FnMut(CorpusError)) -> Result<Self, CorpusError> {
        let mut known = Known::default();
        for path in corpus::list(directory)? {
            match corpus::load(&path) {
                Ok(case) => known.add(&case),
                Err(error) => warn(error),
            }
        }
        Ok(known)
    }

    /// Adds what a case expects, on its own kernel and on others.
    pub fn add(&mut self, case: &Case) {
        let own = case.expect.iter().map(|expect| (&case.kernel, expect));
        let others = case.others.iter().map(|(kernel, expect)| (kernel, expect));
        for (kernel, expect) in own.chain(others) {
            if let Expect::Fail(signature) = expect {
                self.signatures.entry(kernel.clone()).or_default().insert(signature.clone());
            }
        }
    }

    /// Whether a failure is known on a kernel.
    pub fn contains(&self, kernel: &str, signature: &Signature) -> bool {
        self.signatures.get(kernel).is_some_and(|known| known.contains(signature))
    }

    /// The failures that are known on a kernel.
    pub fn on(&self, kernel: &str) -> impl Iterator<Item = &Signature> {
        self.signatures.get(kernel).into_iter().flatten()
    }
}
