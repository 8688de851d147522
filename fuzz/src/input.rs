//! New inputs out of old ones. Old ones may be any bytes, new ones are always the text of a case.
//!
//! This is what makes every file that libFuzzer keeps, crashes included, something that a person can read.
//! libFuzzer's own byte mutations are not used: nearly all of them would only spoil the text.

use crate::settings::SETTINGS;
use crate::teardown::seen_sites;
use arbitrary::{Arbitrary, Unstructured};
use mmreap_harness::case::parse::parse_bytes;
use mmreap_harness::case::{Case, generate, mutate};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::fmt::{self, Debug, Formatter};

/// Bytes of chance behind each step.
const ENTROPY: usize = 512;

/// One change in so many starts over. Coverage says little about races: what descends from a tame case is
/// tame for long, and a session that began with such cases would find nothing.
const START_OVER: u32 = 4;

/// An input as libFuzzer has it. `Debug`, which is what `cargo fuzz` shows of a crash, is the text.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Arbitrary<'a> for Input<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        u.bytes(u.len()).map(Input)
    }
}

impl Debug for Input<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

/// Changes the text at the beginning of the buffer; returns its new size, which is at most `max_size`.
pub fn change(buffer: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let old = &buffer[..size];
    let text = match parse_bytes(old) {
        Ok(case) if !seed.is_multiple_of(START_OVER) => changed(case, seed),
        Ok(_) => fresh(&[], seed),
        Err(_) => fresh(old, seed),
    };
    place(&text, &mut buffer[..max_size]).unwrap_or(size.min(max_size))
}

/// Makes one text of two; returns its size, or 0 if there is none that fits.
pub fn cross(a: &[u8], b: &[u8], out: &mut [u8], seed: u32) -> usize {
    let text = match (parse_bytes(a), parse_bytes(b)) {
        (Ok(a), Ok(b)) => {
            mutate::crossover(&a, &b, &mut Unstructured::new(&entropy(seed))).to_string()
        }
        (Ok(case), Err(_)) | (Err(_), Ok(case)) => changed(case, seed),
        (Err(_), Err(_)) => fresh(a, seed),
    };
    place(&text, out).unwrap_or(0)
}

fn changed(mut case: Case, seed: u32) -> String {
    seen_sites(|sites| mutate::mutate(&mut case, &mut Unstructured::new(&entropy(seed)), sites));
    case.to_string()
}

/// A case from the bytes, and from chance after their end.
fn fresh(bytes: &[u8], seed: u32) -> String {
    let bytes = [bytes, &entropy(seed)].concat();
    generated(&bytes)
}

fn generated(bytes: &[u8]) -> String {
    generate::case(&mut Unstructured::new(bytes), SETTINGS.kernel_for_new_cases()).to_string()
}

fn entropy(seed: u32) -> [u8; ENTROPY] {
    let mut bytes = [0; ENTROPY];
    ChaCha8Rng::seed_from_u64(u64::from(seed)).fill_bytes(&mut bytes);
    bytes
}

/// Writes the text, or the plainest case if the text does not fit, and says how long it is.
fn place(text: &str, buffer: &mut [u8]) -> Option<usize> {
    let texts = [text.to_string(), generated(&[])];
    let fits = texts.iter().find(|text| text.len() <= buffer.len())?;
    buffer[..fits.len()].copy_from_slice(fits.as_bytes());
    Some(fits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 4096;

    fn change_from(old: &[u8], max_size: usize, seed: u32) -> Vec<u8> {
        let mut buffer = vec![0; max_size.max(old.len())];
        buffer[..old.len()].copy_from_slice(old);
        let size = change(&mut buffer, old.len(), max_size, seed);
        buffer[..size].to_vec()
    }

    #[test]
    fn a_thousand_changes_of_nothing_are_all_cases() {
        let mut input = vec![b'\n'];
        for seed in 0..1000 {
            input = change_from(&input, ROOM, seed);
            parse_bytes(&input).unwrap();
        }
    }

    #[test]
    fn different_seeds_make_different_cases_of_the_same_bytes() {
        assert_ne!(change_from(b"\n", ROOM, 1), change_from(b"\n", ROOM, 2));
        assert_eq!(change_from(b"\n", ROOM, 1), change_from(b"\n", ROOM, 1));
    }

    #[test]
    fn what_does_not_fit_becomes_the_plainest_case_or_stays() {
        let plain = generated(&[]);
        assert_eq!(change_from(b"\n", plain.len(), 1), plain.as_bytes());
        assert_eq!(change_from(b"\n", plain.len() - 1, 1), b"\n");
        assert_eq!(change_from(b"abc", 2, 1), b"ab");
    }

    #[test]
    fn two_inputs_make_a_case_whatever_they_are() {
        let case = change_from(b"\n", ROOM, 1);
        let other = change_from(b"\n", ROOM, 2);
        for (a, b) in [(&case, &other), (&case, &vec![0]), (&vec![0], &case), (&vec![0], &vec![1])]
        {
            let mut out = [0; ROOM];
            let size = cross(a, b, &mut out, 3);
            parse_bytes(&out[..size]).unwrap();
        }
        assert_eq!(cross(&case, &other, &mut [0; 8], 3), 0);
    }
}
