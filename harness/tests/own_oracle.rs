//! An oracle of somebody's own. It judges every run of its process, so it has a test program to itself.

use mmreap::trace::What;
use mmreap::world::World;
use mmreap_harness::oracle::{Failure, Oracle};
use mmreap_harness::{Budget, Harness};

/// An own oracle that objects to every kill.
struct NobodyDies;

impl Oracle for NobodyDies {
    fn judge(&self, world: &World) -> Option<Failure> {
        let kill = world.log.iter().position(|event| event.what == What::Kill)?;
        Some(Failure::of_events(world, "O-PEACE", "a kill", &[kill]))
    }
}

#[test]
fn an_own_oracle_is_heard_where_no_other_speaks() {
    let with = |harness: Harness| {
        let report = harness.attack(Budget::runs(300));
        let all = report.findings.iter().map(|found| found.failure.signature.to_string());
        all.filter(|signature| signature.starts_with("O-PEACE mm oom_kill_process")).count()
    };
    assert_eq!(with(Harness::new()), 0);
    assert_eq!(with(Harness::new().oracle(&NobodyDies)), 1);
}
