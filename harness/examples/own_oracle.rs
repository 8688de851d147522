//! An own promise, held by an own oracle: `cargo run --release -p mmreap-harness --example own_oracle`.

use mmreap::prelude::*;
use mmreap::world::World;
use mmreap_harness::oracle::{Failure, Oracle};
use mmreap_harness::{Budget, Harness};

/// "The reaper makes one pass over a victim." It makes up to ten.
struct OnePass;

impl Oracle for OnePass {
    fn judge(&self, world: &World) -> Option<Failure> {
        let is_skip = |&index: &usize| matches!(world.log[index].kind, EventKind::Skip(_));
        let skips: Vec<usize> = (0..world.log.len()).filter(is_skip).collect();
        let again = skips.windows(2).find(|two| {
            let (first, second) = (&world.log[two[0]], &world.log[two[1]]);
            first.thread == second.thread && first.object == second.object
        })?;
        Some(Failure::of_events(world, "O-ONE-PASS", "second pass", &[again[1], again[0]]))
    }
}

fn main() {
    let report = Harness::new().oracle(&OnePass).attack(Budget::runs(5_000));
    let found = report.findings.iter().find(|found| found.failure.signature.oracle == "O-ONE-PASS");
    match found {
        Some(found) => println!("{}\n\n{}", found.failure.headline(), found.raw()),
        None => println!("not in {} runs", report.totals.runs),
    }
}
