//! What several tests share: running a case that is written as text, and judging it against the
//! verdicts that the text itself states.

// Every test program uses a part of this.
#![allow(dead_code)]

pub mod changes;
pub mod lives;
pub mod recorder;

use mmreap::revision::Revision;
use mmreap_harness::case::{Case, Expect, parse::parse};
use mmreap_harness::kernel;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::run::{Run, Runner};
use mmreap_harness::schedule::portfolio::Portfolio;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// Parses a case without its first line, which is the same for all.
pub fn case(text: &str) -> Case {
    let text = format!("mmreap case 1\n{text}");
    parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The release or mutant.
pub fn kernel(name: &str) -> &'static Revision {
    kernel::find(name).unwrap_or_else(|| panic!("no kernel {name}"))
}

/// Runs the case as it stands on its own kernel, whose schedule it must be able to follow.
pub fn run(case: &Case) -> Run {
    let run = Runner::new().run_case(case, kernel(&case.kernel));
    assert_eq!(run.divergences.lenient, [], "{case}");
    run
}

/// What a run came to, as cases write it.
pub fn verdict(run: &Run) -> Expect {
    run.failure.as_ref().map_or(Expect::Pass, |f| Expect::Fail(f.signature.clone()))
}

/// Holds the table of FORMAT.md that begins with these lines to its rows, or writes it anew with `MMREAP_BLESS`.
pub fn assert_table(head: &str, rows: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("FORMAT.md");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let (above, rest) = text.split_once(head).expect("it has the table");
    let (table, below) = rest.split_at(rest.find("\n\n").map_or(0, |end| end + 1));
    if std::env::var_os("MMREAP_BLESS").is_some() {
        return std::fs::write(path, format!("{above}{head}{rows}{below}"))
            .expect("it can be written");
    }
    assert_eq!(table, rows);
}

/// Asserts every verdict that the text states.
pub fn assert_verdicts(text: &str) {
    let case = case(text);
    let own = run(&case);
    assert_eq!(Some(verdict(&own)), case.expect, "{case}\n{own:?}");
    for (name, expected) in &case.others {
        let other = Runner::new().run_case(&case, kernel(name));
        assert_eq!(&verdict(&other), expected, "on {name}:\n{case}\n{other:?}");
    }
}

/// How often each signature shows in so many runs under the strategies of a campaign.
pub fn sample(case: &Case, name: &str, seed: u64, runs: u64) -> BTreeMap<String, u64> {
    let (mut runner, plan) = (Runner::new(), Rc::new(Plan::new(case)));
    let (mut portfolio, mut seen) = (Portfolio::new(seed), BTreeMap::new());
    for run in 0..runs {
        let run = runner.run(&plan, kernel(name), portfolio.next(seed, run));
        if let Some(failure) = run.failure {
            *seen.entry(failure.signature.to_string()).or_insert(0) += 1;
        }
    }
    seen
}
