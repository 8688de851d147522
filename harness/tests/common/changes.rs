//! What bytes mean, before something is added to what cases can have, and afterwards.

use arbitrary::Unstructured;
use mmreap_harness::case::mutate::{self, Sites};
use mmreap_harness::case::{Case, generate};
use mmreap_harness::schedule::derive_seed;

/// A case for each of some bytes, and what becomes of it by one change after the other.
pub fn generated() -> Vec<Vec<Case>> {
    (0..1000).map(changed).collect()
}

fn changed(number: u64) -> Vec<Case> {
    let mut case = generate::case(&mut Unstructured::new(&bytes(number, 80)), "v4.15");
    let change = |change| {
        let bytes = bytes(1000 * number + change, 16);
        mutate::mutate(&mut case, &mut Unstructured::new(&bytes), &Sites::default());
        case.clone()
    };
    (0..8).map(change).collect()
}

fn bytes(number: u64, words: u64) -> Vec<u8> {
    (0..words).flat_map(|word| derive_seed(number, word).to_le_bytes()).collect()
}

/// Asserts that bytes mean what they meant until a case has what was added, and that some of the thousand have it.
#[track_caller]
pub fn assert_drawn_aside(before: &[Vec<Case>], has_it: impl Fn(&Case) -> bool) {
    let after = generated();
    let with = after.iter().filter(|cases| cases.iter().any(&has_it)).count();
    assert!((20..500).contains(&with), "{with} of 1000 have it");
    for (before, after) in before.iter().zip(&after) {
        let without = after.iter().take_while(|case| !has_it(case)).count();
        assert_eq!(before[..without], after[..without]);
    }
}
