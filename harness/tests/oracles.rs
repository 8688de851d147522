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
