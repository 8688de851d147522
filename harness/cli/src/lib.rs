//! The `mmreap` command: [`mmreap_harness`] for people and scripts.
//!
//! Arguments, printing, pages and reports; and [`mod@bench`], which measures how fast the harness finds what is
//! known. It is a crate of its own so that who uses the harness from a program compiles nothing of all that.

#![forbid(unsafe_code)]

pub mod bench;
mod command;
pub mod page;
pub mod report;

pub use command::run;
