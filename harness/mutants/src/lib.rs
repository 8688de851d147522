//! Mutants: releases with one deliberate mistake, to see that the harness notices, and *equivalents*, whose
//! names begin with E: releases with a change that makes nothing unsafe, to see that it does not cry wolf.
//!
//! A mutant is a file: the function that is wrong, what it is a mutant of, the failure that it must show, and the
//! smallest scenario that shows it. This crate uses what any crate can use: a patch that somebody wants to try is
//! written in the same way.
//!
//! What mutants of later releases are about does not exist yet in these: a system call that reaps without holding
//! the address space (M16), and munlock before the wait for the reaper (M21), which is the state of v4.14 and v4.15.

#![forbid(unsafe_code)]

mod e01;
mod e02;
mod e03;
mod e04;
mod m01;
mod m02;
mod m03;
mod m04;
mod m06;
mod m07;
mod m09;
mod m10;
mod m11;
mod m11b;
mod m12;
mod m12a;
mod m12c;
mod m13;
mod m14;
mod m15;
mod m20;
mod m20c;
mod m22;
mod m23;
mod m24;
mod m26;
mod m27;
mod m29;
mod m30;
mod m36;

use mmreap::exit::exit_mmap::EXIT_MMAP;
use mmreap::oom::oom_reap_task_mm::OOM_REAP_TASK_MM;
use mmreap::revision::Revision;

/// A mutant, or an equivalent.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The release with the change.
    pub kernel: &'static Revision,
    /// What it adds to the failures of that release; `None` if nothing.
    pub shows: Option<Shows>,
}

/// How a failure is recognised as the mutant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    /// The number of the bug in reports.
    pub bug: &'static str,
    /// The smallest case known that shows it, one of the standard scenarios.
    pub scenario: &'static str,
    /// The oracles that may hear of it.
    pub oracles: &'static [&'static str],
    /// The sites of its signature, exactly; none if any will do.
    pub sites: &'static [&'static str],
    /// The kind of object; `None` if any will do.
    pub object: Option<&'static str>,
}

/// Mutants by their numbers, then equivalents.
pub static MUTANTS: &[Mutant] = &[
    m01::M01,
    m02::M02,
    m03::M03,
    m04::M04,
    m06::M06,
    m07::M07,
    m09::M09,
    m10::M10,
    m11::M11,
    m11b::M11B,
    m12::M12,
    m12a::M12A,
    m12c::M12C,
    m13::M13,
    m14::M14,
    m15::M15,
    m20::M20,
    m20c::M20C,
    m22::M22,
    m23::M23,
    m24::M24,
    m26::M26,
    m27::M27,
    m29::M29,
    m30::M30,
    m36::M36,
    e01::E01,
    e02::E02,
    e03::E03,
    e04::E04,
];

/// The walk of the reaper meets what the exit path has freed.
pub const WALKS: &[&str] = &["O-PT-UAF", "O-VMA-UAF"];
/// The functions that do.
pub const REAPER_WALKS: &[&str] = &[OOM_REAP_TASK_MM.name(), EXIT_MMAP.name()];

/// A fault installs a fresh page where the reaper took one away.
pub const ZERO_PAGE: &[&str] = &["handle_mm_fault", OOM_REAP_TASK_MM.name()];

/// The reaper took a page of a process that was not killed.
const LOST: &[&str] = &["user_mode", OOM_REAP_TASK_MM.name()];
