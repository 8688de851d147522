//! The standard scenarios, as part of the program: the smallest cases known that show each bug of the suite.

use crate::case::Case;
use crate::case::parse::parse;

/// The names of scenarios, each with its file.
macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../tests/scenarios/", $name, ".mmreap")))),*]
    };
}

/// Each scenario by name, and its text.
pub const SCENARIOS: [(&str, &str); 20] = scenarios!(
    "sc_1v",
    "sc_2enq",
    "sc_2p",
    "sc_2p_any",
    "sc_aio",
    "sc_aio_unreapable",
    "sc_exitrace",
    "sc_io_destroy",
    "sc_io_lookup",
    "sc_ksm",
    "sc_law",
    "sc_mlock",
    "sc_notif",
    "sc_proc",
    "sc_sharer",
    "sc_sharer_alive",
    "sc_tlb",
    "sc_writer",
    "sc_writer2",
    "seed",
);

/// The scenarios as cases.
pub fn scenarios() -> impl Iterator<Item = Case> {
    SCENARIOS.iter().map(|(name, text)| parse(text).unwrap_or_else(|_| panic!("{name} is a case")))
}
