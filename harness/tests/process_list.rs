//! The order of processes on their list, which depends on who appeared first. It has an operation of its own, which every
//! case of this process can have, so it has a test program to itself.

mod common;

use common::{case, kernel};
use mmreap::memory::{Assertion, bug_on};
use mmreap::prelude::*;
use mmreap::task::{for_each_process, rcu_read};
use mmreap_harness::operation::{self, Call, Kind, Next, Who};
use mmreap_harness::prove::{Options, Verdict, prove};

/// Walks the list, and does not expect the process with the higher adjustment before the other.
static WALK: Kind = Kind::new("walk", Who::Both, "for_each_process", walk);

const ORDER: Assertion = Assertion {
    function: "walk",
    verb: "BUG_ON",
    condition: "prev->oom_score_adj>next->oom_score_adj",
};

fn walk(_: &Call<'_>) -> Next {
    let _call = enter("walk");
    let adj = |leader: Handle<Task>| leader.peek(|it| it.signal).peek(|it| it.oom_score_adj);
    let walked: Vec<_> = rcu_read(|| for_each_process().map(|it| (it, adj(it))).collect());
    for pair in walked.windows(2) {
        bug_on(pair[0].1 > pair[1].1, ORDER, pair[0].0.object());
    }
    Next::Operation
}

/// Two children appear, each in a write section of one step, behind whoever is the last by then.
#[test]
fn a_proof_has_both_orders_of_two_that_appear() {
    operation::add(&WALK).expect("no other has the word");
    let case = case(
        "kernel v4.15
process p
  thread t: vfork a
process q
  thread t: vfork b
process a parent p adj 1
  thread t:
process b parent q adj 2
  thread t:
kthread k
  thread t: walk",
    );
    let proof = prove(&case, kernel("v4.15"), &Options::default(), &|_| true).expect("few threads");
    let Verdict::Found(_, failure) = &proof.verdict else { panic!("{proof:?}") };
    assert_eq!(failure.signature.oracle, "O-BUG", "{failure:?}");
}
