//! Explanations: what is drawn for known failures, and that nothing is wider than a page.
//!
//! `explain/NAME.mmreap` is a case, `explain/NAME.txt` what is drawn for it; `explain/corpus/NAME.txt` is what
//! `mmreap explain` says of a case of the corpus.
//! `MMREAP_BLESS=1 cargo test -p mmreap-harness --test explain` writes what is drawn now; read the
//! difference before committing it.

use mmreap::release::NEWEST;
use mmreap::revision::Revision;
use mmreap::revision::{PARTS, Part};
use mmreap::sync::lock::{LockId, Mode};
use mmreap::sync::thread::{Reason, Sleep, Tid};
use mmreap::trace::{Event, Kind, ObjectRef, Site};
use mmreap::world::{End, Stuck, World};
use mmreap_harness::case::{Case, Schedule, Signature, generate, parse::parse};
use mmreap_harness::corpus;
use mmreap_harness::explain::flip::RacingStep;
use mmreap_harness::explain::repair::Repair;
use mmreap_harness::explain::waits::Edge;
use mmreap_harness::explain::{Diagram, Explanation, ROWS, WIDTH, explain, log, of_case, waits};
use mmreap_harness::kernel;
use mmreap_harness::oracle::Failure;
use mmreap_harness::run::plan::Plan;
use mmreap_harness::run::{Run, Runner};
use mmreap_harness::schedule::derive_seed;
use mmreap_harness::schedule::in_order::IN_ORDER;
use mmreap_harness::schedule::portfolio::Portfolio;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::{fs, path::PathBuf};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(name)
}

fn case(name: &str) -> Case {
    let path = file(&format!("{name}.mmreap"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()))
}

fn run(case: &Case) -> Run {
    let revision = kernel::find(&case.kernel).expect("a case names a kernel that exists");
    Runner::new().run_case(case, revision)
}

/// What no oracle says: somebody waits at the end.
fn somebody_waits(world: &World) -> Failure {
    let first = world.stuck.first().expect("somebody waits");
    let object = first.sleep.map(|sleep| sleep.object).unwrap_or_default();
    Failure {
        signature: Signature {
            oracle: "O-TEST".to_string(),
            object: object.kind.name().to_string(),
            sites: vec![first.site.protocol().to_string()],
        },
        title: "hang",
        object,
        events: Vec::new(),
        details: Vec::new(),
    }
}

fn explain_run(case: &Case, run: &Run) -> Explanation {
    let failure = run.failure.clone().unwrap_or_else(|| somebody_waits(run.world()));
    explain(run.world(), case, &failure, run.end)
}

/// Runs the case, and compares what is drawn with the file beside it.
fn golden(name: &str, end: End) -> Explanation {
    let case = case(name);
    let run = run(&case);
    assert_eq!((run.end, &run.divergences.lenient[..]), (end, &[][..]), "{name}");
    let explanation = explain_run(&case, &run);
    compare(name, &explanation.to_string());
    explanation
}

fn compare(name: &str, drawn: &str) {
    let path = file(&format!("{name}.txt"));
    if std::env::var_os("MMREAP_BLESS").is_some() {
        fs::write(&path, drawn).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == expected, "{name}: drawn is\n{drawn}\nexpected is\n{expected}");
}

#[test]
fn use_after_free() {
    let explanation = golden("use_after_free", End::Violation);
    let rows = &explanation.diagram.rows;
    assert_eq!(rows.last().and_then(|row| row.mark.as_deref()), Some("*** page_table#2 is freed"));
    assert!(explanation.waits.edges.is_empty());
}

#[test]
fn livelock() {
    let explanation = golden("livelock", End::Livelock);
    let rows = &explanation.diagram.rows;
    assert_eq!(rows.last().and_then(|row| row.mark.as_deref()), Some("*** livelock"));
    assert_eq!(explanation.waits.cycle, ["victim", "victim/ring#1", "hog", "victim"]);
}

#[test]
fn waiting_for_ever_is_a_chain_without_cycle() {
    let explanation = golden("dead_device", End::Quiescent);
    assert_eq!(explanation.waits.edges.len(), 2);
    assert!(explanation.waits.cycle.is_empty());
}

#[test]
fn every_case_of_the_corpus_is_explained() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut runner = Runner::new();
    for path in corpus::list(&directory).expect("the corpus can be listed") {
        let case = corpus::load(&path).expect("a case of the corpus can be read");
        let revision = kernel::find(&case.kernel).expect("a case names a kernel that exists");
        let explanation = of_case(&mut runner, &case, revision).expect("it fails");
        assert!(!explanation.story.rules.is_empty(), "no rule for {}", explanation.signature);
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are ASCII");
        compare(&format!("corpus/{name}"), &explanation.to_string());
    }
}

#[test]
fn nobody_notices_what_only_the_end_shows() {
    let explanation = golden("given_up", End::Quiescent);
    let sides = &explanation.story.sides;
    assert_eq!(sides.len(), 1, "{sides:?}");
    assert_eq!(sides[0].function, "oom_reap_task");
}

#[test]
fn no_cycle_without_the_last_edge() {
    let mut edges = waits::edges(run(&case("livelock")).world());
    assert!(waits::cycle(&edges).is_some());
    edges.pop();
    assert_eq!(waits::cycle(&edges), None);
}

#[test]
fn replays_have_the_same_log() {
    let texts = ["livelock", "use_after_free", "livelock"];
    let texts = texts.map(|name| log(run(&case(name)).world()));
    assert_eq!(texts[0], texts[2]);
    assert_ne!(texts[0], texts[1]);
    assert!(texts[0].lines().all(|line| line.trim_end() == line));
}

/// Numbers of which so many explanations can be made, and more than enough.
const NUMBERS: u64 = 20_000;

/// So many explanations of failing cases.
fn explanations(count: usize) -> Vec<Explanation> {
    let all: Vec<_> = (0..NUMBERS).filter_map(failing).take(count).collect();
    assert_eq!(all.len(), count, "of {NUMBERS} cases, too few fail");
    all
}

/// A failing case out of a number, if it makes one.
fn failing(number: u64) -> Option<Explanation> {
    let bytes: Vec<u8> = (0..256).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    let kernels: Vec<&str> = kernel::all().map(|revision| revision.name).collect();
    let kernel = kernels[number as usize % kernels.len()];
    let case = generate::case(&mut arbitrary::Unstructured::new(&bytes), kernel);
    let run = run(&case);
    let fails = run.failure.is_some() || !run.world().stuck.is_empty();
    fails.then(|| explain_run(&case, &run))
}

/// What the clock would wait for, if it wanted `oom_lock` at the end of the run.
fn waits_for_oom_lock(run: &Run, lock: LockId) -> Vec<Edge> {
    let object = ObjectRef::sole(Kind::OomKiller);
    let reason = Reason::Lock(lock, Mode::Write);
    let sleep = Sleep { reason, object, noun: "oom_lock", killable: false, idle: false };
    let site = Site::new("out_of_memory", "out_of_memory", "mutex_lock", "oom_lock");
    let stuck = Stuck { thread: Tid::CLOCK, sleep: Some(sleep), site, calls: Vec::new() };
    waits::edges_of(run.world(), &stuck)
}

#[test]
fn who_waits_for_a_lock_waits_for_its_holder() {
    let used = run(&case("use_after_free"));
    // The reaper takes oom_lock first.
    let mut threads = used.world().threads().iter();
    let holds = threads.find_map(|thread| thread.held.first().copied());
    let (lock, _) = holds.expect("the run ended while the reaper was at work");
    let edges = waits_for_oom_lock(&used, lock);
    assert_eq!(edges.len(), 1);
    assert_eq!(edges[0].reason, "oom_lock, held by oom_reaper");
    let holder = edges[0].to.expect("somebody holds it");
    assert_eq!(used.world().threads()[holder.index()].name, "oom_reaper");
    let edges = waits_for_oom_lock(&run(&case("dead_device")), lock);
    assert_eq!((edges[0].to, &*edges[0].reason), (None, "oom_lock, which nobody holds"));
}

#[test]
fn every_wait_has_a_reason_and_every_failure_a_rule() {
    let mut reasons: BTreeSet<&str> = BTreeSet::new();
    for explanation in &explanations(1000) {
        let is_judged = !explanation.signature.starts_with("O-TEST");
        assert_eq!(!explanation.story.rules.is_empty(), is_judged, "{}", explanation.signature);
        for edge in &explanation.waits.edges {
            let (_, reason) = edge.split_once(" for ").expect("a sentence with a reason");
            assert!(!reason.trim().is_empty() && !reason.contains("scheduler"), "{edge}");
            let known = ["to complete", "never completes", "memory"];
            reasons.extend(known.iter().find(|known| reason.contains(**known)));
        }
    }
    assert_eq!(reasons.len(), 3, "completions and memory are both waited for: {reasons:?}");
}

#[test]
fn nothing_is_larger_than_a_page() {
    for explanation in explanations(200) {
        let text = explanation.to_string();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(text, format!("{explanation:WIDTH$}"));
        for width in [40, 55, WIDTH] {
            let text = format!("{explanation:width$}");
            let fits = |line: &str| line.len() <= width && line.trim_end() == line;
            assert!(text.lines().all(fits), "{width}: {text}");
        }
        let Diagram { columns, rows, .. } = &explanation.diagram;
        assert!((1..=ROWS).contains(&rows.len()), "{text}");
        assert!((0..columns.len()).all(|c| rows.iter().any(|row| row.column == c)), "{text}");
    }
}

fn corpus_case(name: &str) -> Case {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name);
    corpus::load(&path).expect("a case of the corpus can be read")
}

const SEED: &str = "v4.14-o_pt_uaf-page_table-oom_reap_task_mm-exit_mmap.mmreap";

#[test]
fn the_seed_is_cured_by_one_order_and_by_two_functions() {
    let (case, mut runner) = (corpus_case(SEED), Runner::new());
    let failing = kernel::find("v4.14").expect("a release");
    let otherwise = of_case(&mut runner, &case, failing).expect("it fails").otherwise;
    let flip = otherwise.flip.expect("one order decides");
    let words = |turn: &RacingStep| format!("{}: {}", turn.task, turn.operation);
    assert_eq!(words(&flip.first), "oom_reaper: test_bit(MMF_OOM_SKIP)");
    assert_eq!(words(&flip.second), "k1: set_bit(MMF_OOM_SKIP)");
    let repair = otherwise.repair.expect("a later release passes");
    assert_eq!((repair.kernel, repair.failing), ("v4.15", "v4.14"));
    assert_eq!(repair.functions, ["exit_mmap", "mark_oom_victim"]);
    for alone in PARTS.iter().filter(|part| repair.functions.contains(&part.name)) {
        let mixed = failing.with(&[alone], kernel::find("v4.15").expect("a release"));
        assert!(runner.run_case(&case, mixed).failure.is_some(), "{} alone", alone.name);
    }
}

/// With one choice more a seed deals a run without the race, so that either function alone seems to repair it.
#[test]
fn a_seed_is_followed_by_names() {
    for mut case in [case("seeded"), corpus_case(SEED)] {
        case.schedule.segments.clear();
        let kernel = kernel::find(&case.kernel).expect("a release");
        let (mut runner, mut portfolio, mut told) = (Runner::new(), Portfolio::new(1), 0);
        for run in 0..1500 {
            case.schedule.strategy = portfolio.next(1, run);
            let Some(Explanation { otherwise, .. }) = of_case(&mut runner, &case, kernel) else {
                continue;
            };
            let repair = otherwise.repair.expect("a later release passes");
            assert_eq!((repair.kernel, repair.failing), ("v4.15", "v4.14"), "{case}");
            assert_eq!(repair.functions, ["exit_mmap", "mark_oom_victim"], "{case}");
            told += 1;
            if told == 6 {
                break;
            }
        }
        assert!(told > 1, "only {told} runs fail");
    }
}

/// A case that fails under a seed, with its kernel; out of a number, if it makes one.
fn failing_by_chance(runner: &mut Runner, number: u64) -> Option<(Case, &'static Revision)> {
    let bytes: Vec<u8> = (0..256).flat_map(|i| derive_seed(number, i).to_le_bytes()).collect();
    let kernels = ["v4.9", "v4.13", "v4.14", "v4.15+M04"];
    let name = kernels[number as usize % kernels.len()];
    let kernel = kernel::find(name).expect("a release or a mutant");
    let mut case = generate::case(&mut arbitrary::Unstructured::new(&bytes), name);
    case.schedule.segments.clear();
    let (plan, mut portfolio) = (Rc::new(Plan::new(&case)), Portfolio::new(number));
    let fails = |run: &u64| {
        case.schedule.strategy = portfolio.next(number, *run);
        runner.run(&plan, kernel, case.schedule.strategy).failure.is_some()
    };
    (0..100).find(fails)?;
    Some((case, kernel))
}

/// The revision that a repair speaks of.
fn repaired(repair: &Repair) -> &'static Revision {
    let parts: Vec<&Part> = PARTS.iter().filter(|p| repair.functions.contains(&p.name)).collect();
    let find = |name| kernel::find(name).expect("a release");
    find(repair.failing).with(&parts, find(repair.kernel))
}

/// Runs under schedules that no explanation has seen.
const OTHERS: u64 = 300;

/// Looks at the runs of a case under other schedules that fail like that.
fn each_failing(
    runner: &mut Runner,
    (case, revision): (&Case, &'static Revision),
    signature: &str,
    mut look: impl FnMut(&World),
) {
    let schedule = Schedule { strategy: IN_ORDER.of(&[]), segments: Vec::new() };
    let plan = Rc::new(Plan::new(&Case { schedule, ..case.clone() }));
    let mut portfolio = Portfolio::new(77);
    for run in 0..OTHERS {
        let run = runner.run(&plan, revision, portfolio.next(77, run));
        if run.failure.as_ref().is_some_and(|it| it.signature.to_string() == signature) {
            look(run.world());
        }
    }
}

/// Where in the log of a run a task did what a turn says.
fn places(world: &World, turn: &RacingStep) -> Vec<usize> {
    let is = |event: &Event| {
        let operation = event.site.to_string();
        world.threads()[event.thread.index()].name == turn.task
            && operation == format!("{}/{}", turn.function, turn.operation)
    };
    (0..world.log.len()).filter(|&event| is(&world.log[event])).collect()
}

/// A function that only shifts what chance deals repairs nothing: the case fails in the same way soon. An order
/// that decides is never the other way round in a run that fails.
#[test]
fn what_one_run_says_holds_for_the_case() {
    let (mut runner, mut repairs, mut flips) = (Runner::new(), 0, 0);
    for number in 60..120 {
        let Some((case, kernel)) = failing_by_chance(&mut runner, number) else { continue };
        let explanation = of_case(&mut runner, &case, kernel).expect("it fails");
        let signature = &explanation.signature;
        if let Some(repair) = &explanation.otherwise.repair {
            let on = (&case, repaired(repair));
            each_failing(&mut runner, on, signature, |_| panic!("{number}: {repair:?}\n{case}"));
            repairs += 1;
        }
        if let Some(flip) = &explanation.otherwise.flip {
            each_failing(&mut runner, (&case, kernel), signature, |w| {
                let (first, second) = (places(w, &flip.second), places(w, &flip.first));
                let turned = first.last().zip(second.first()).is_some_and(|(x, y)| x < y);
                assert!(!turned, "{number}: {}\n{case}", flip.sentence());
            });
            flips += 1;
        }
    }
    assert!(repairs > 5 && flips > 5, "only {repairs} repairs and {flips} orders are told");
}

#[test]
fn where_no_order_is_seen_to_pass_none_is_told() {
    let (case, mut runner) = (corpus_case(SEED), Runner::new());
    let newest = NEWEST;
    assert_eq!(of_case(&mut runner, &case, newest), None, "it passes there");
    let stuck = corpus_case("v4.13+M01-o_live-oom_killer-exit_aio-out_of_memory.mmreap");
    let mutant = kernel::find(&stuck.kernel).expect("a mutant");
    let otherwise = of_case(&mut runner, &stuck, mutant).expect("it fails").otherwise;
    assert_eq!(otherwise.flip, None, "every order gets stuck");
    assert_eq!(otherwise.repair.expect("its release passes").kernel, "v4.13");
}
