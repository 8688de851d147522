//! Oracles: each is heard once, and keeps quiet about what it tolerates.
//!
//! An oracle that never speaks is worth nothing, and nobody notices, because a campaign without failures
//! looks like a correct kernel. So there is one test for each name. What a release or a mutant can show is a case, as
//! [`cases`] has them; what none of them does wrong is a small program on the model, in [`programs`].
//! [`tolerated`] has the situations that look like a failure and are policy.

mod common;

#[path = "oracles/asserted.rs"]
mod asserted;
#[path = "oracles/cases.rs"]
mod cases;
#[path = "oracles/programs.rs"]
mod programs;
#[path = "oracles/tolerated.rs"]
mod tolerated;

use mmreap_harness::case::Signature;
use mmreap_harness::oracle::broken;

macro_rules! names {
    ($($module:ident::$oracle:ident { $($function:ident $name:literal),* })*) => {
        [$($((stringify!($function), $name),)*)*]
    };
}

/// Without a rule there is no story, and no tool knows a failure by a function that is called otherwise.
#[test]
fn every_failure_breaks_a_rule_and_has_a_function_of_its_name() {
    for (function, name) in mmreap_harness::oracles!(names) {
        let oracle = name.to_string();
        let signature = Signature { oracle, object: "mm".to_string(), sites: Vec::new() };
        assert!(!broken(&signature).is_empty(), "{name} has no rule");
        assert_eq!(function, name.to_lowercase().replace('-', "_"));
    }
}
