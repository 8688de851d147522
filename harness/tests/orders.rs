//! An oracle is a function of the trace, not of one order of it.
//!
//! A proof runs one order of each trace and takes its verdict for that of all others. So the steps of
//! random runs, on every release and every mutant, are put into other orders that leave everything that happened
//! before something before it: all oracles together must say the same, in the same words, and each thread must live
//! through the same events. The last step stays last, since the run ends with it; if that is a violation,
//! what did not happen before it may also be left out.
//!
//! Seeds are fixed. `MMREAP_ORDERS=FROM..TO` takes other numbers than those of a quick run.

mod common;

use arbitrary::Unstructured;
use common::kernel;
use common::lives::{difference, lives};
use common::recorder::{Recorder, record};
use mmreap::revision::{self, Revision};
use mmreap::sync::thread::Tid;
use mmreap::world::{End, world};
use mmreap_harness::campaign::suite::SUITE;
use mmreap_harness::case::mutate::{Sites, mutate};
use mmreap_harness::case::{Case, Strategy, Time, Tlb, generate};
use mmreap_harness::corpus;
use mmreap_harness::prove::trace::Trace;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::{derive_seed, strategy};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// Schedules of a case, of which the first that fails is put into other orders, or else the last.
const SCHEDULES: u64 = 8;

/// Other orders of a run.
const ORDERS: u32 = 8;

/// Steps of a run that is worth it. Only runs that end for want of decisions have so many.
const MOST_STEPS: usize = 3000;

/// What the cases were.
#[derive(Debug, Default)]
struct Tally {
    cases: u32,
    orders: u32,
    exchanged: u64,
    with_faults: u32,
    any_time: u32,
    lazy: u32,
    endless: u32,
    failures: BTreeMap<String, u32>,
}

/// The case of a number, and the kernel that it is for: made of nothing, or of a scenario that shows a bug.
fn numbered(number: u64) -> (Case, &'static Revision) {
    let bytes: Vec<u8> = (0..64).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    let u = &mut Unstructured::new(&bytes);
    if number.is_multiple_of(2) {
        let bug = &SUITE[number as usize / 2 % SUITE.len()];
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
        let path = path.join(format!("{}.mmreap", bug.scenario));
        let mut case = corpus::load(&path).expect("the scenario can be read");
        (0..number / 2 / SUITE.len() as u64 % 6)
            .for_each(|_| mutate(&mut case, u, &Sites::default()));
        return (case, kernel(bug.kernel));
    }
    let all: Vec<_> = revision::all().collect();
    let revision = all[number as usize / 2 % all.len()];
    (generate::case(u, revision.name), revision)
}

fn scheduler(seed: u64) -> Recorder {
    let strategy_of = [
        Strategy::Pos { seed },
        Strategy::Burst { seed },
        Strategy::Random { seed },
        Strategy::Sticky { seed },
    ];
    let chosen = strategy_of[derive_seed(seed, 0) as usize % strategy_of.len()];
    Recorder::under(strategy(chosen, || unreachable!("none of these wants to know the pilot")))
}

/// The places of the steps in another order.
fn another_order(trace: &Trace, order: &[Tid], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let threads = 1 + order.iter().map(|thread| thread.index()).max().unwrap_or(0);
    let mut left: Vec<Vec<usize>> = vec![Vec::new(); threads];
    (0..order.len() - 1).rev().for_each(|place| left[order[place].index()].push(place));
    let mut done = vec![0u16; threads];
    let mut places = Vec::with_capacity(order.len());
    let (mut ran, stays) = (0, rng.next_u32() % 4);
    while places.len() + 1 < order.len() {
        let is_next = |&thread: &usize| {
            left[thread].last().is_some_and(|&place| {
                let clock = trace.clock(place).iter().zip(&done).enumerate();
                clock
                    .into_iter()
                    .all(|(of, (before, done))| *before <= *done + u16::from(of == thread))
            })
        };
        let next: Vec<usize> = (0..threads).filter(is_next).collect();
        if !next.contains(&ran) || rng.next_u32() % 4 >= stays {
            ran = next[rng.next_u32() as usize % next.len()];
        }
        places.extend(left[ran].pop());
        done[ran] += 1;
    }
    places.push(order.len() - 1);
    places
}

/// The steps that happened before the last one, and that one.
fn only_what_led_to_the_end(trace: &Trace, order: &[Tid]) -> Vec<usize> {
    let end = trace.clock(order.len() - 1);
    let mut seen = vec![0u16; end.len()];
    let leads = |&place: &usize| {
        let thread = order[place].index();
        seen[thread] += 1;
        seen[thread] <= end[thread]
    };
    (0..order.len()).filter(leads).collect()
}

/// Tries other orders of a run of the case: the first that is not the same.
fn reorder(runner: &mut Runner, number: u64, tally: &mut Tally) -> Option<String> {
    let (case, revision) = numbered(number);
    let plan = Rc::new(Plan::new(&case));
    let runs = (0..SCHEDULES).map(|n| derive_seed(number, 1000 + n));
    let fails = |seed: &u64| record(runner, &plan, revision, scheduler(*seed)).1.failure.is_some();
    let seed = { runs.clone() }.find(fails).unwrap_or(derive_seed(number, 1000));
    let (recorder, outcome) = record(runner, &plan, revision, scheduler(seed));
    let before = lives(&outcome);
    tally.note(&case, &outcome);
    if recorder.steps.len() > MOST_STEPS {
        tally.endless += 1;
        return None;
    }
    let mut trace = Trace::new(world(|w| w.threads().len()));
    recorder.steps.iter().for_each(|step| _ = trace.push(step.clone()));
    let order = recorder.order();
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let describe = |places: &[usize], why: String| {
        let moved = places.windows(2).filter(|pair| pair[0] > pair[1]).count();
        format!("number {number} on {} seed {seed}, {moved} moved:\n{case}\n{why}", revision.name)
    };
    for _ in 0..ORDERS {
        let places = another_order(&trace, &order, &mut rng);
        let threads = places.iter().map(|&place| order[place]).collect();
        let (replay, outcome) = record(runner, &plan, revision, Recorder::along(threads));
        tally.orders += 1;
        tally.exchanged += places.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64;
        let stuck = replay.stuck.map(|place| format!("decision {place} could not be taken"));
        if let Some(why) = stuck.or_else(|| difference(&before, &lives(&outcome))) {
            return Some(describe(&places, why));
        }
    }
    if outcome.end == End::Violation {
        let places = only_what_led_to_the_end(&trace, &order);
        let threads = places.iter().map(|&place| order[place]).collect();
        let (_, shorter) = record(runner, &plan, revision, Recorder::along(threads));
        if lives(&shorter).1 != before.1 {
            return Some(describe(&places, format!("{} became {}", before.1, lives(&shorter).1)));
        }
    }
    None
}

impl Tally {
    fn note(&mut self, case: &Case, outcome: &mmreap_harness::run::Outcome) {
        self.cases += 1;
        self.with_faults += u32::from(!case.faults.is_empty());
        self.any_time += u32::from(case.machine.time == Time::Any);
        self.lazy += u32::from(case.machine.tlb == Tlb::Lazy);
        if let Some(failure) = &outcome.failure {
            *self.failures.entry(failure.signature.to_string()).or_default() += 1;
        }
    }
}

#[test]
fn oracles_judge_the_trace() {
    let range = std::env::var("MMREAP_ORDERS").unwrap_or("0..1000".into());
    let (from, to) = range.split_once("..").expect("FROM..TO");
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    let (mut runner, mut tally, mut bad) = (Runner::new(), Tally::default(), Vec::new());
    for number in from..to {
        bad.extend(reorder(&mut runner, number, &mut tally));
    }
    println!("{tally:#?}");
    for b in &bad {
        println!("=====\n{b}");
    }
    assert!(bad.is_empty(), "{} of {}", bad.len(), tally.cases);
}
