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
use mmreap::revision::RELEASES;
use mmreap::sync::engine::{Candidate, Choose};
use mmreap::sync::footprint::Touch;
use mmreap::sync::point::Access;
use mmreap::sync::thread::Tid;
use mmreap::trace::{Event, Kind, ObjectRef};
use mmreap::world::world;
use mmreap_harness::case::{Case, generate};
use mmreap_harness::prove::behaviour::essence;
use mmreap_harness::prove::trace::Step;
use mmreap_harness::run::Runner;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::schedule::Shared;
use mmreap_harness::schedule::pos::Pos;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Runs under a strategy or a list of threads, and records what each step touched.
struct Recorder {
    inner: Option<Box<dyn Choose>>,
    order: Vec<Tid>,
    steps: Vec<Step>,
    ready: Vec<Vec<Tid>>,
    begun: Option<(Tid, Option<Touch>, bool)>,
    woken: Vec<Tid>,
    /// The first decision at which the thread of the list could not run.
    stuck: Option<usize>,
}

impl Recorder {
    fn new(inner: Option<Box<dyn Choose>>, order: Vec<Tid>) -> Self {
        let (steps, ready, woken) = (Vec::new(), Vec::new(), Vec::new());
        Recorder { inner, order, steps, ready, begun: None, woken, stuck: None }
    }

    fn complete(&mut self) {
        if let Some((thread, announced, barrier)) = self.begun.take() {
            let step = world(|w| Step::new(thread, announced, &w.footprint));
            self.steps.push(Step { barrier, ..step });
        }
    }

    fn pick(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        let place = self.ready.len();
        if let Some(inner) = &mut self.inner {
            return inner.choose(candidates, current);
        }
        let wanted = self.order.get(place).copied();
        match wanted.filter(|&thread| candidates.iter().any(|c| c.thread == thread)) {
            Some(thread) => thread,
            None => {
                self.stuck.get_or_insert(place);
                candidates[0].thread
            }
        }
    }
}

impl Choose for Recorder {
    fn choose(&mut self, candidates: &[Candidate], current: Option<Tid>) -> Tid {
        self.complete();
        let thread = self.pick(candidates, current);
        let ready: Vec<Tid> = candidates.iter().map(|c| c.thread).collect();
        if let Some(before) = self.ready.last() {
            self.woken.extend(ready.iter().filter(|&t| !before.contains(t) && *t != Tid::CLOCK));
        }
        let op = candidates.iter().find(|c| c.thread == thread).expect("a candidate").op;
        let says_all = !matches!(op.access, Access::Start | Access::Put(_) | Access::Await);
        let announced = (says_all && !self.woken.contains(&thread)).then_some(Touch {
            object: op.object,
            noun: op.site.noun(),
            access: op.access,
        });
        self.woken.retain(|&other| other != thread);
        self.ready.push(ready);
        let barrier = world(|w| {
            w.footprint.recording = true;
            w.footprint.clear();
            thread == Tid::CLOCK && !w.clock.any_time
        });
        self.begun = Some((thread, announced, barrier));
        thread
    }
}

/// The events of all threads, one thread after the other, and how the run ended.
type Lives = (Vec<(Tid, String, ObjectRef)>, String);

fn lives(verdict: String) -> Lives {
    let of = |event: &Event| (event.thread, essence(event), event.object);
    let mut events: Vec<_> = world(|w| w.log.iter().map(of).collect());
    events.sort_by_key(|event| event.0);
    (events, verdict)
}

/// The first difference, if objects are renamed one to one. Which of the free frames somebody gets is no
/// difference, though the same frames were somebody's before.
fn difference(a: &Lives, b: &Lives) -> Option<String> {
    if a.1 != b.1 {
        return Some(format!("{} became {}", a.1, b.1));
    }
    let mut names: BTreeMap<ObjectRef, ObjectRef> = BTreeMap::new();
    for (x, y) in a.0.iter().zip(&b.0) {
        let same_object = x.2.kind == Kind::Page || *names.entry(x.2).or_insert(y.2) == y.2;
        if (x.0, &x.1) != (y.0, &y.1) || !same_object {
            return Some(format!("{x:?}\n  became {y:?}"));
        }
    }
    (a.0.len() != b.0.len()).then(|| format!("{} events became {}", a.0.len(), b.0.len()))
}

fn run(
    runner: &mut Runner,
    plan: &Rc<Plan>,
    kernel: usize,
    recorder: Recorder,
) -> (Recorder, Lives) {
    let recorder = Rc::new(RefCell::new(recorder));
    let shared = Box::new(Shared(recorder.clone()));
    let (outcome, _) = runner.record_under(plan, RELEASES[kernel], shared);
    recorder.borrow_mut().complete();
    let failure = outcome.failure.map(|failure| failure.signature.to_string());
    let lives = lives(format!("{:?} {failure:?}", outcome.end));
    let recorder = Rc::try_unwrap(recorder).ok().expect("the run is over").into_inner();
    (recorder, lives)
}

fn may_swap(recorder: &Recorder, i: usize) -> bool {
    let (a, b) = (&recorder.steps[i], &recorder.steps[i + 1]);
    a.thread != b.thread
        && recorder.ready[i].contains(&b.thread)
        && !(a.barrier || b.barrier)
        && !(a.disturbs(b) || b.disturbs(a))
}

/// Exchanges neighbours of some random runs of the case: how many, and the first that did not commute.
fn exchange(runner: &mut Runner, case: &Case, kernel: usize, seed: u64) -> (u32, Option<String>) {
    let plan = Rc::new(Plan::new(case));
    let pos = Box::new(Pos::new(seed));
    let (recorder, before) = run(runner, &plan, kernel, Recorder::new(Some(pos), Vec::new()));
    let order: Vec<Tid> = recorder.steps.iter().map(|step| step.thread).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut exchanged = 0;
    // The last step may be one that ends the run for everybody.
    let mut places: Vec<usize> = (0..order.len() - 2).filter(|&i| may_swap(&recorder, i)).collect();
    for _ in 0..30.min(places.len()) {
        let i = places.swap_remove(rng.next_u32() as usize % places.len());
        exchanged += 1;
        let mut other = order.clone();
        other.swap(i, i + 1);
        let (replay, after) = run(runner, &plan, kernel, Recorder::new(None, other));
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
