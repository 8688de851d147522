//! The harness around [`mmreap`]: cases, schedules, oracles, minimising, explaining.

#![forbid(unsafe_code)]

pub mod case;
pub mod explain;
pub mod oracle;
pub mod run;
pub mod schedule;
