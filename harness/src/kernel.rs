//! The kernels that there are: the releases, the mutants, and those that somebody has added.
//!
//! A case names the kernel that it is for, and so do arguments; here such a name becomes a revision. What is added is
//! there for the whole process: a program adds its own before it does anything else, and its workers, which are the
//! same program, do the same.

pub use crate::registry::Refused;

use crate::registry::Registry;
use mmreap::release::{RELEASES, V4_14};
use mmreap::revision::Revision;
use mmreap_mutants::MUTANTS;

static ADDED: Registry<Revision> = Registry::new();

/// Releases, oldest first, then mutants, then what was added.
pub fn all() -> impl Iterator<Item = &'static Revision> {
    let mutants = MUTANTS.iter().map(|mutant| mutant.kernel);
    RELEASES.into_iter().chain(mutants).chain(ADDED.all())
}

/// The kernel with the name.
pub fn find(name: &str) -> Option<&'static Revision> {
    all().find(|kernel| kernel.name == name)
}

/// What is attacked if nobody says which: what was added last, or else the release with the race that the project is
/// about.
pub fn default() -> &'static Revision {
    ADDED.all().last().copied().unwrap_or(&V4_14)
}

/// Adds a kernel, so that cases can name it. Again is as good as once.
///
/// # Errors
///
/// If another kernel has the name, or if no case could name it.
pub fn add(kernel: &'static Revision) -> Result<(), Refused> {
    match find(kernel.name) {
        Some(other) if std::ptr::eq(other, kernel) => return Ok(()),
        // A release is a constant, which has no place of its own.
        Some(_) if kernel.name == kernel.release => return Ok(()),
        Some(_) => return Err(Refused::Taken(kernel.name)),
        None if !crate::case::check::bounds::is_word(kernel.name) => {
            return Err(Refused::Word(kernel.name));
        }
        None => {}
    }
    ADDED.add(kernel);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mmreap::release::V4_15;

    static MINE: Revision = V4_15.patched("kernel-tests-mine", "the same");
    static OTHER: Revision = V4_15.patched("kernel-tests-mine", "another one of that name");
    static WORDS: Revision = V4_15.patched("two words", "a name that no case could have");

    #[test]
    fn a_name_means_one_kernel() {
        assert!(find(MINE.name).is_none());
        assert_eq!(add(&MINE), Ok(()));
        assert!(find(MINE.name).is_some_and(|kernel| std::ptr::eq(kernel, &MINE)));
        assert_eq!(add(&MINE), Ok(()), "again");
        assert_eq!(all().filter(|kernel| kernel.name == MINE.name).count(), 1);
        assert_eq!(add(&OTHER), Err(Refused::Taken(OTHER.name)));
        assert_eq!(add(&V4_15), Ok(()), "a release");
        assert_eq!(add(&WORDS), Err(Refused::Word(WORDS.name)));
    }
}
