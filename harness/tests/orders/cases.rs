//! Cases by number: a third close to the scenarios that show bugs, on the kernels with the bugs; a third about user
//! memory alone; a third made of nothing. The others go through all releases and mutants.

use crate::common::{case, kernel};
use arbitrary::Unstructured;
use mmreap::revision::Revision;
use mmreap_harness::campaign::suite::SUITE;
use mmreap_harness::case::mutate::{Sites, mutate};
use mmreap_harness::case::{Case, generate};
use mmreap_harness::corpus;
use mmreap_harness::kernel;
use mmreap_harness::schedule::derive_seed;
use std::path::Path;

/// The case of a number, and the kernel that it is for.
pub fn numbered(number: u64) -> (Case, &'static Revision) {
    let bytes: Vec<u8> = (0..64).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    let u = &mut Unstructured::new(&bytes);
    let (kind, number) = (number % 3, number as usize / 3);
    let all: Vec<_> = kernel::all().collect();
    let revision = all[number % all.len()];
    match kind {
        0 => like_a_scenario(number, u),
        1 => (about_memory(u), revision),
        _ => (generate::case(u, revision.name), revision),
    }
}

/// Up to five steps away from the scenario of a bug.
fn like_a_scenario(number: usize, u: &mut Unstructured<'_>) -> (Case, &'static Revision) {
    let bug = &SUITE[number % SUITE.len()];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let path = path.join(format!("{}.mmreap", bug.scenario));
    let mut case = corpus::load(&path).expect("the scenario can be read");
    (0..number / SUITE.len() % 6).for_each(|_| mutate(&mut case, u, &Sites::default()));
    (case, kernel(bug.kernel))
}

/// Two threads that map, store to, read and give up the same pages. There are three, so that for some steps nobody
/// touches what a thread has stored and reads next.
fn about_memory(u: &mut Unstructured<'_>) -> Case {
    let mut one_of = |words: &[&'static str]| *u.choose(words).expect("there are words");
    let kind = one_of(&["anon", "anon", "file", "shared"]);
    let unmapped = one_of(&["", " unmapped", " unmapped"]);
    let words = ["process_vm_readv p", "munmap", "madvise", "madvise", "write", "read", "mmap"];
    let words = &words[..words.len() - usize::from(unmapped.is_empty())];
    let first = [words[words.len() - 1], one_of(words), "write", one_of(words), "read"];
    let second = [one_of(words), one_of(words)];
    let thread = |words: &[&str]| {
        words.iter().map(|word| format!("{word} v")).collect::<Vec<_>>().join("; ")
    };
    case(&format!(
        "kernel v4.15
         process p
           vma v {kind} 3 pages{unmapped}
           thread t1: {}
           thread t2: {}",
        thread(&first),
        thread(&second)
    ))
}
