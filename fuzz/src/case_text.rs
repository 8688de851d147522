//! What must hold for any bytes that are given to the reader of cases.

use mmreap_harness::case::Case;
use mmreap_harness::case::parse::{parse, parse_bytes};

/// Reads the bytes. What is a case must survive printing, and what is not must be explained.
pub fn check(data: &[u8]) {
    match parse_bytes(data) {
        Ok(case) => check_laws(&case),
        Err(error) => drop(error.render("input", data, false)),
    }
}

/// A case is read back as itself, and printed as the same text from then on.
fn check_laws(case: &Case) {
    let text = case.to_string();
    let again = parse(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    assert_eq!(&again, case, "read back as another case:\n{text}");
    assert_eq!(again.to_string(), text, "printed differently the second time");
}
