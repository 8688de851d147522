//! What a failure is counted as, and how the rule that it breaks is said.
//!
//! Which rule that is, the oracle says whose failure it is ([`oracle::broken`]).

use crate::case::Signature;
use crate::oracle::{self, Apart, Rule};
use serde::Serialize;
use std::fmt;

/// Failures that are the same bug: they break one rule, and what tells its breaches apart is the same.
///
/// Coarser than a signature, which also says on which object and by whom the breach was noticed first. Replaying
/// and minimising keep the signature; people count groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Group {
    /// The rule, or the oracle if it has none.
    pub rule: String,
    /// What tells it from other breaches of the rule.
    pub by: Vec<String>,
}

impl Group {
    /// The group of a failure.
    pub fn of(signature: &Signature) -> Group {
        let Signature { oracle, object, sites } = signature;
        let rule = oracle::broken(signature).first().copied();
        let by = match rule.map_or(Apart::Places, |rule| rule.apart) {
            Apart::Places => sites.clone(),
            Apart::Noticed => sites.first().cloned().into_iter().collect(),
            Apart::Object => vec![object.clone()],
            Apart::Nothing => Vec::new(),
        };
        Group { rule: rule.map_or(oracle.as_str(), |rule| rule.name).to_string(), by }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        if self.by.is_empty() { Ok(()) } else { write!(f, ": {}", self.by.join(", ")) }
    }
}

impl Rule {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        format!("Broken rule ({}): {}. [{}]", self.name, self.text, self.source)
    }
}
