//! Steps that the conflict relation calls independent do commute.
//!
//! A proof leaves out every schedule that differs from one it ran only in the order of independent steps. If
//! somewhere in the implementation a step looked at something without saying so, that would be wrong and
//! nobody would notice. So neighbouring steps of random runs are exchanged here, and each thread has to
//! live through the same events as before, up to the numbers of objects that were created in between.
//!
//! Seeds are fixed: a test fails only after a change, and then because something does not commute.

mod common;

use arbitrary::Unstructured;
use common::lives::{Lives, difference, lives};
use common::recorder::{Recorder, record};
use mmreap::release::RELEASES;
use mmreap_harness::case::{Case, generate};
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::pos::Pos;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::rc::Rc;

fn run(
    runner: &mut Runner,
    plan: &Rc<Plan>,
    kernel: usize,
    recorder: Recorder,
) -> (Recorder, Lives) {
    let (recorder, run) = record(runner, plan, RELEASES[kernel], recorder);
    (recorder, lives(&run))
}

/// Exchanges neighbours of some random runs of the case: how many, and the first that did not commute.
fn exchange(runner: &mut Runner, case: &Case, kernel: usize, seed: u64) -> (u32, Option<String>) {
    let plan = Rc::new(Plan::new(case));
    let pos = Box::new(Pos::new(seed));
    let (recorder, before) = run(runner, &plan, kernel, Recorder::under(pos));
    let order = recorder.order();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut exchanged = 0;
    // The last step may be one that ends the run for everybody.
    let commute = |&i: &usize| recorder.may_swap(i) && recorder.commute(i);
    let mut places: Vec<usize> = (0..order.len() - 2).filter(commute).collect();
    for _ in 0..30.min(places.len()) {
        let i = places.swap_remove(rng.next_u32() as usize % places.len());
        exchanged += 1;
        let mut other = order.clone();
        other.swap(i, i + 1);
        let (replay, after) = run(runner, &plan, kernel, Recorder::along(other));
        let stuck = replay.stuck.map(|place| format!("decision {place} could not be taken"));
        if let Some(why) = stuck.or_else(|| difference(&before, &after)) {
            let (a, b) = (&recorder.steps[i], &recorder.steps[i + 1]);
            let text = format!("{case}\n{} at {i}: {a:?}\n{b:?}\n{why}", RELEASES[kernel].name);
            return (exchanged, Some(text));
        }
    }
    (exchanged, None)
}

/// Generated cases of which neighbours are exchanged.
const CASES: u64 = 1200;

#[test]
fn independent_neighbours_commute() {
    let (mut runner, mut total) = (Runner::new(), 0);
    for seed in 0..CASES {
        let mut bytes = [0; 512];
        ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
        let kernel = seed as usize % RELEASES.len();
        let case = generate::case(&mut Unstructured::new(&bytes), RELEASES[kernel].name);
        let (exchanged, failure) = exchange(&mut runner, &case, kernel, seed);
        assert_eq!(failure, None, "{}", failure.as_deref().unwrap_or_default());
        total += exchanged;
    }
    assert!(total > 10 * CASES as u32, "only {total} pairs could be exchanged");
}
