//! The last step: a failure becomes a crash.
//!
//! libFuzzer stores the input, which is a case, but not the schedule that failed. So the case is also
//! written beside it as it failed: with the strategy, the seed and the expectation. A second failure of the
//! same kind overwrites the first.
//!
//! Tools group crashes by the topmost frames. Each oracle therefore ends in a function of its own which is
//! never inlined and whose message differs, so that it is not merged with another one either.

use mmreap_harness::campaign::Found;
use mmreap_harness::case::{Case, Expect};
use mmreap_harness::corpus;
use std::path::PathBuf;

/// The argument that says where libFuzzer puts its artifacts.
const PREFIX: &str = "-artifact_prefix=";

/// Shows and writes the failing case, and ends the process in the function of its oracle.
pub fn crash(found: &Found) -> ! {
    let case = as_it_failed(found);
    eprintln!("{case}");
    let path = artifact(&case, found);
    match corpus::write(&path, &case.to_string()) {
        Ok(()) => eprintln!("mmreap: the failing case is {}", path.display()),
        Err(error) => eprintln!("{}", error.render(false)),
    }
    panic_in_oracle(found)
}

/// The case with the verdict that it had. Other kernels' verdicts were another schedule's.
fn as_it_failed(found: &Found) -> Case {
    let expect = Some(Expect::Fail(found.failure.signature.clone()));
    Case { expect, others: Vec::new(), ..found.case.clone() }
}

/// Beside libFuzzer's own artifacts. Like libFuzzer, the last argument counts.
fn artifact(case: &Case, found: &Found) -> PathBuf {
    let prefix = std::env::args().rev().find_map(|it| Some(it.strip_prefix(PREFIX)?.to_string()));
    let name = corpus::file_name(case, &found.failure.signature);
    PathBuf::from(format!("{}crash-{name}", prefix.unwrap_or_default()))
}

macro_rules! functions {
    ($($module:ident::$oracle:ident { $($function:ident $name:literal),* })*) => {
        fn panic_in_oracle(found: &Found) -> ! {
            match found.failure.signature.oracle.as_str() {
                $($($name => $function(found),)*)*
                "O-SELF" => o_self(found),
                _ => o_other(found),
            }
        }

        $($(
            #[inline(never)]
            fn $function(found: &Found) -> ! {
                panic!(concat!($name, ": {}"), found.failure.headline())
            }
        )*)*
    };
}

mmreap_harness::oracles!(functions);

/// No oracle judged: mmreap itself failed.
#[inline(never)]
fn o_self(found: &Found) -> ! {
    panic!("O-SELF: {}", found.failure.headline())
}

/// An oracle of somebody's own.
#[inline(never)]
fn o_other(found: &Found) -> ! {
    panic!("{}: {}", found.failure.signature.oracle, found.failure.headline())
}
