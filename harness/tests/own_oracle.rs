//! An oracle of somebody's own. It judges every run of its process, so it has a test program to itself.

use mmreap::trace::{Event, EventKind};
use mmreap::world::World;
use mmreap_harness::case::Signature;
use mmreap_harness::explain::briefly;
use mmreap_harness::oracle::{Apart, Failure, Oracle, Rule};
use mmreap_harness::run::Runner;
use mmreap_harness::{Budget, Harness, kernel};

/// An own oracle that objects to every kill.
struct NobodyDies;

static PEACE: Rule = Rule {
    name: "peace",
    text: "nobody is killed",
    source: "a comment",
    noticed: "somebody has to die",
    other: "nobody has to",
    apart: Apart::Object,
};

impl Oracle for NobodyDies {
    fn judge(&self, world: &World) -> Option<Failure> {
        let kill = world.log.iter().position(|event| event.kind == EventKind::Kill)?;
        Some(Failure::of_events(world, "O-PEACE", "a kill", &[kill]))
    }

    fn rules(&self, failure: &Signature) -> Vec<&'static Rule> {
        if failure.oracle == "O-PEACE" { vec![&PEACE] } else { Vec::new() }
    }
}

/// An own oracle that objects to every run, and that no event concerns.
struct NeverAsked;

impl Oracle for NeverAsked {
    fn judge(&self, world: &World) -> Option<Failure> {
        Some(Failure::of_events(world, "O-NEVER", "a run", &[0]))
    }

    fn concerns(&self, _: &Event) -> bool {
        false
    }
}

#[test]
fn an_own_oracle_is_heard_where_no_other_speaks() {
    let found = |harness: Harness| {
        let report = harness.attack(Budget::runs(300));
        let is_own = |signature: &Signature| ["O-PEACE", "O-NEVER"].contains(&&*signature.oracle);
        let all = report.findings.into_iter();
        all.filter(|found| is_own(&found.failure.signature)).collect::<Vec<_>>()
    };
    assert_eq!(found(Harness::new()).len(), 0);
    let found = found(Harness::new().oracle(&NeverAsked).oracle(&NobodyDies));
    let [found] = &found[..] else { panic!("{} failures of two oracles", found.len()) };
    let signature = found.failure.signature.to_string();
    assert!(signature.starts_with("O-PEACE mm oom_kill_process"), "{signature}");

    let release = kernel::find(&found.case.kernel).expect("it ran");
    let explanation = briefly(&mut Runner::new(), &found.case, release).expect("it fails");
    assert_eq!(explanation.story.rules, [&PEACE]);
    let text = explanation.to_string();
    assert!(text.contains("Broken rule (peace): nobody is killed. [a comment]"), "{text}");
    assert!(text.contains("group: peace: mm"), "{text}");
}
