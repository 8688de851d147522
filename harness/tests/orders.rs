//! An oracle is a function of the trace, not of one order of it.
//!
//! A proof runs one order of each trace, and takes its verdict for that of all others. So the steps of random
//! runs, on every release and every mutant, are put into other orders ([`linear`]): the oracles have to say the
//! same, in the same words, and each thread has to live through the same events. The last step stays the
//! last, because the run ends with it. If that is a violation, what did not lead to it may also be left out.
//!
//! Seeds are fixed. `MMREAP_ORDERS=FROM..TO` takes other cases than those of a quick run.

mod common;

#[path = "orders/cases.rs"]
mod cases;
#[path = "orders/linear.rs"]
mod linear;

use cases::numbered;
use common::lives::{Lives, difference, lives};
use common::recorder::{Recorder, record};
use linear::Steps;
use mmreap::revision::Revision;
use mmreap::sync::thread::Tid;
use mmreap::world::End;
use mmreap_harness::case::{Case, Time, Tlb};
use mmreap_harness::run::plan::Plan;
use mmreap_harness::run::{Run, Runner};
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::pos::{BURST, POS};
use mmreap_harness::schedule::random::RANDOM;
use mmreap_harness::schedule::sticky::STICKY;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// Cases of a quick run.
const QUICK: Range<u64> = 0..1800;

/// Schedules of a case. After the first that fails there are no more.
const SCHEDULES: u64 = 8;

/// Other orders of a run: after about how many steps others go first.
const ORDERS: [u32; 4] = [1, 5, 15, 50];

/// Steps of a run that is not endless, which no other order is compared with.
const STEPS: usize = 5000;

/// What the cases were.
#[derive(Debug, Default)]
struct Tally {
    cases: u32,
    with_faults: u32,
    any_time: u32,
    lazy: u32,
    endless: u32,
    orders: u32,
    /// Cases that failed, by oracle.
    failures: BTreeMap<String, u32>,
}

/// One case, and whoever runs it.
struct Bench<'a> {
    runner: &'a mut Runner,
    plan: Rc<Plan>,
    kernel: &'static Revision,
}

impl Bench<'_> {
    fn run(&mut self, recorder: Recorder) -> (Recorder, Run, Lives) {
        let (recorder, run) = record(self.runner, &self.plan, self.kernel, recorder);
        let lives = lives(&run);
        (recorder, run, lives)
    }

    /// Runs the steps in another order: how that is not the same.
    fn differs(&mut self, order: Vec<Tid>, before: &Lives) -> Option<String> {
        let (recorder, _, after) = self.run(Recorder::along(order));
        let stuck = recorder.stuck.map(|place| format!("decision {place} could not be taken"));
        stuck.or_else(|| difference(before, &after))
    }
}

fn scheduler(seed: u64) -> Recorder {
    let all = [POS.of(&[seed]), BURST.of(&[seed]), RANDOM.of(&[seed]), STICKY.of(&[seed])];
    let one = all[derive_seed(seed, 0) as usize % all.len()];
    Recorder::under(one.scheduler(&mut || unreachable!("none of these wants to know the pilot")))
}

/// Tries other orders of a run: whether it failed, or the first difference.
fn reorder(bench: &mut Bench<'_>, seed: u64, tally: &mut Tally) -> Result<bool, String> {
    let (recorder, run, before) = bench.run(scheduler(seed));
    if recorder.steps.len() > STEPS {
        tally.endless += 1;
        return Ok(true);
    }
    let steps = Steps::of(&recorder.steps, run.world().threads().len());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for often in ORDERS {
        tally.orders += 1;
        if let Some(why) = bench.differs(steps.another_order(&mut rng, often), &before) {
            return Err(why);
        }
    }
    if run.end == End::Violation {
        let (_, _, shorter) = bench.run(Recorder::along(steps.what_led_to_the_end()));
        if shorter.1 != before.1 {
            return Err(format!("{} became {} without others", before.1, shorter.1));
        }
    }
    tally.note(&run);
    Ok(run.failure.is_some())
}

/// Tries the case of a number: the first difference.
fn try_case(runner: &mut Runner, number: u64, tally: &mut Tally) -> Result<(), String> {
    let (case, kernel) = numbered(number);
    tally.note_case(&case);
    let mut bench = Bench { runner, plan: Rc::new(Plan::new(&case)), kernel };
    for run in 0..SCHEDULES {
        match reorder(&mut bench, derive_seed(number, 1000 + run), tally) {
            Ok(false) => {}
            Ok(true) => break,
            Err(why) => return Err(format!("case {number} on {}:\n{case}\n{why}", kernel.name)),
        }
    }
    Ok(())
}

impl Tally {
    fn note_case(&mut self, case: &Case) {
        self.cases += 1;
        self.with_faults += u32::from(!case.faults.is_empty());
        self.any_time += u32::from(case.machine.time == Time::Any);
        self.lazy += u32::from(case.machine.tlb == Tlb::Lazy);
    }

    fn note(&mut self, run: &Run) {
        if let Some(failure) = &run.failure {
            *self.failures.entry(failure.signature.oracle.clone()).or_default() += 1;
        }
    }

    fn failed(&self) -> u32 {
        self.failures.values().sum()
    }
}

fn wanted() -> Range<u64> {
    let Ok(text) = std::env::var("MMREAP_ORDERS") else { return QUICK };
    let range = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
    range.unwrap_or_else(|| panic!("MMREAP_ORDERS is FROM..TO, not {text}"))
}

#[test]
fn oracles_judge_the_trace_and_not_one_order_of_it() {
    let (mut runner, mut tally) = (Runner::new(), Tally::default());
    let tried = wanted().map(|number| try_case(&mut runner, number, &mut tally));
    let different: Vec<String> = tried.filter_map(Result::err).collect();
    println!("{tally:?}");
    let (cases, some) = (tally.cases, tally.cases / 20);
    assert!(different.is_empty(), "{} of {cases}: {}", different.len(), different.join("\n\n"));
    assert!(tally.orders > 10 * cases, "{tally:?}");
    assert!(
        tally.with_faults > some && tally.any_time > some && 2 * tally.lazy > some,
        "{tally:?}"
    );
    assert!(tally.failed() > 2 * some && tally.endless < some, "{tally:?}");
    assert!(tally.failures.len() >= 8, "{tally:?}");
}
