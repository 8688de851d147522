//! The releases: what each changed in the one before. Reads like a changelog.
//!
//! A release is a file: its commit, what changed, which bugs of the kernel's history it has, and the functions that it
//! does not have in common with the one before. A function that differs has a folder, with a file for each version.

mod v4_13;
mod v4_14;
mod v4_15;
mod v4_9;

pub use v4_9::V4_9;
pub use v4_13::V4_13;
pub use v4_14::V4_14;
pub use v4_15::V4_15;

use crate::revision::Revision;

/// The releases, oldest first.
pub static RELEASES: [&Revision; 4] = [&V4_9, &V4_13, &V4_14, &V4_15];

/// The newest release.
pub static NEWEST: &Revision = &V4_15;
