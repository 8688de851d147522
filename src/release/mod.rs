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

/// Each release once, oldest first, with its file.
macro_rules! releases {
    ($($release:ident $file:literal;)*) => {
        /// The releases, oldest first.
        pub static RELEASES: [&Revision; [$($file),*].len()] = [$(&$release),*];

        /// The names of the releases and the texts of their files, oldest first.
        pub(crate) const TEXTS: [(&str, &str); [$($file),*].len()] =
            [$(($release.name, include_str!($file))),*];
    };
}

releases! {
    V4_9 "v4_9.rs";
    V4_13 "v4_13.rs";
    V4_14 "v4_14.rs";
    V4_15 "v4_15.rs";
}

/// The newest release.
pub static NEWEST: &Revision = &V4_15;
