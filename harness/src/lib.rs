#![doc = include_str!("../TUTORIAL.md")]
//! A [`case`] is one text file. [`run`] boots its machine and runs it under a [`schedule`]; the
//! [`oracle`]s judge the run; [`minimize`] makes a failing case small. [`campaign`] does this for
//! thousands of generated cases, and [`corpus`] keeps what was found.

#![forbid(unsafe_code)]

pub use attack::{Budget, Harness, Report};
pub use oracle::{Failure, Oracle};
pub use run::Run;

pub mod attack;
pub mod campaign;
pub mod case;
pub mod corpus;
pub mod counted;
pub mod coverage;
pub mod daemon;
pub mod deadline;
pub mod explain;
pub mod fault_point;
pub mod kernel;
pub mod minimize;
pub mod operation;
pub mod oracle;
pub mod prove;
mod registry;
pub mod replay;
pub mod run;
pub mod schedule;
